/** The main job as its user meets it: a process, its exit code, what it prints and what it leaves. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildExtensions } from '../../tooling/build.ts';

const cli = join(import.meta.dirname, '../../apps/cli/src/main.ts');
let folder: string;
let port: number;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-tour-'));
  port = await freePort();
  await buildExtensions();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function freePort(): Promise<number> {
  return new Promise((fulfil) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port: free } = probe.address() as AddressInfo;
      probe.close(() => fulfil(free));
    });
  });
}

function tell(...args: readonly string[]): Promise<{ readonly code: number | null; readonly text: string }> {
  return new Promise((fulfil) => {
    const child = spawn(
      process.execPath,
      [cli, 'tour', '--once', ...(args.includes('--state') ? [] : ['--state', join(folder, 'state')]), ...args],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()));
    child.on('close', (code) => fulfil({ code, text }));
  });
}

describe('the main job: one extension let in, one refused, both on record', () => {
  test('S1.1 S2.1 S2.2 S4.5 the story is told to its end, and connection.json lets any client go on', async () => {
    const script = join(folder, 'hello.sh');
    writeFileSync(script, 'echo hello from the script of the test\n');
    const { code, text } = await tell('--port', String(port), '--script', script);
    expect(text).toContain('hello from the script of the test');
    expect(text).toMatch(/ExtensionNotAllowed: .*blocklist/);
    expect(text).toContain('extensions/write');
    expect(code, text).toBe(0);
    const file = join(folder, 'state/connection.json');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const connection = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    expect(Object.keys(connection).sort()).toEqual([
      'agentRoot',
      'caFile',
      'clientId',
      'clientSecret',
      'endpoint',
      'machineName',
      'resourceGroup',
      'subscriptionId',
      'tenantId',
    ]);
    expect(connection['endpoint']).toBe(`https://127.0.0.1:${port}`);
    expect(text).not.toContain(connection['clientSecret']);
  });

  test('a second start continues with the same state', async () => {
    const before = readFileSync(join(folder, 'state/connection.json'), 'utf8');
    const { code, text } = await tell();
    expect(code, text).toBe(0);
    expect(text).toContain('is connected already');
    expect(readFileSync(join(folder, 'state/connection.json'), 'utf8')).toBe(before);
  });

  test('a story that goes otherwise ends with exit code 1 and one sentence', async () => {
    const script = join(folder, 'fails.sh');
    writeFileSync(script, 'exit 3\n');
    const { code, text } = await tell('--script', script);
    expect(code).toBe(1);
    expect(text).toMatch(/StoryWentOtherwise: The extension was to be let in, but ended as Failed/);
  });

  test('another port is taken up by all of them', async () => {
    const { code, text } = await tell('--port', String(await freePort()));
    expect(code, text).toBe(0);
  });
});

test('a port that is taken, and a state folder that cannot be, are each told in a sentence', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((fulfil) => taken.once('listening', fulfil));
  const { port: busy } = taken.address() as AddressInfo;
  const { code, text } = await tell('--port', String(busy), '--state', join(folder, 'other'));
  taken.close();
  expect(code).toBe(1);
  expect(text).toMatch(new RegExp(`ProgramFailed: The control plane did not start on port ${busy}`));
  writeFileSync(join(folder, 'file'), '');
  const none = await tell('--state', join(folder, 'file/state'));
  expect(none.code).toBe(1);
  expect(none.text).toMatch(/^NoState: The state folder .* cannot be used/m);
});
