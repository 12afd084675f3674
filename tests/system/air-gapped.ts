/**
 * Run inside a network namespace that has nothing but a loopback: takes a bundle into a mirror, starts a control plane and an agent on it,
 * and installs an extension. Prints what it saw as JSON. `node air-gapped.ts BUNDLE ROOT FOLDER`.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { startSystem } from './harness.ts';
import { runProgram, type Finished } from './processes.ts';

const [bundle = '', root = '', folder = ''] = process.argv.slice(2);
const gallery = join(folder, 'mirror');

/** What becomes of an attempt to get out. */
async function wayOut(): Promise<string> {
  const socket = connect({ host: '192.0.2.1', port: 443 });
  try {
    await once(socket, 'connect');
    return 'connected';
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : String(error);
  } finally {
    socket.destroy();
  }
}

const imported: Finished = await runProgram('cli', [
  'gallery',
  'bundle',
  'import',
  bundle,
  '--gallery',
  gallery,
  '--root',
  root,
]);
const system = await startSystem('gapped', { served: { gallery, root } });
try {
  await system.startAgent();
  const installed = await system.install('hello', { publisher: 'Contoso.Tools', type: 'Hello' });
  const notCarried = await system
    .install('other', { publisher: 'Contoso.Tools', type: 'Other' })
    .catch((error: unknown) => String(error));
  const said = {
    networks: Object.keys(networkInterfaces()),
    wayOut: await wayOut(),
    imported,
    installed,
    notCarried,
    onDisk: existsSync(join(system.root, 'var/lib/waagent/Contoso.Tools.Hello-1.0.0/HandlerManifest.json')),
    requests: system.carrier.requests.filter((request) => request.includes('/packages/')),
  };
  process.stdout.write(`\n${JSON.stringify(said)}\n`);
} finally {
  await system.stop();
}
