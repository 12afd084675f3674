/**
 * Run inside a network namespace that has nothing but a loopback: an agent on its true paths and its true port, first while somebody
 * else has that port, then for the stock credential. Prints what it saw as JSON.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startSystem } from './harness.ts';

const port = 40_342;
const machine = 'truegate';
const squatter = createServer((_request, response) => response.end('mine'));
squatter.listen(port, '127.0.0.1');
await once(squatter, 'listening');
const system = await startSystem(machine, { truePaths: true });

async function shown(): Promise<string> {
  const { output } = await system.azcmagent('show', '--json');
  return (JSON.parse(output) as { readonly localIdentityEndpoint: string }).localIdentityEndpoint;
}

/** What the credential gets, told of nothing but the documented variables. */
async function credential(): Promise<unknown> {
  const script = join(import.meta.dirname, '../clients/scripts/managed-identity.ts');
  const client = [process.execPath, script, JSON.stringify(system.operator), 'fortress', machine];
  const [program = '', ...words] = [...system.enter, ...client];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      PATH: process.env['PATH'],
      NODE_EXTRA_CA_CERTS: system.operator.caFile,
      IDENTITY_ENDPOINT: `http://localhost:${port}/metadata/identity/oauth2/token`,
      IMDS_ENDPOINT: `http://localhost:${port}`,
    },
  });
  return JSON.parse(await text(child.stdout));
}

try {
  const without = await system.startAgent();
  const taken = await shown();
  const said = without.output();
  await without.stop();
  squatter.close();
  squatter.closeAllConnections();
  await system.startAgent();
  const listens = await shown();
  process.stdout.write(`\n${JSON.stringify({ taken, said, listens, credential: await credential() })}\n`);
} finally {
  squatter.close();
  await system.stop();
}
