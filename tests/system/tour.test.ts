/** The main job as its user meets it: a process, its exit code, what it prints and what it leaves. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
    expect(text).toContain('write extensions/report');
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

test('a script that cannot be read, and a folder in which nothing can be made, are told before anything is started', async () => {
  const state = join(folder, 'untouched');
  const script = await tell('--script', join(folder, 'none.sh'), '--state', state);
  expect(script).toMatchObject({
    code: 1,
    text: expect.stringMatching(/^NoScript: The script .*none\.sh cannot be read: ENOENT/),
  });
  expect(existsSync(state)).toBe(false);
  const proc = await tell('--state', '/proc/sallyport');
  expect(proc).toMatchObject({
    code: 1,
    text: expect.stringMatching(/^NoState: The state folder \/proc\/sallyport cannot be used/),
  });
  expect(await tell('--state', '')).toMatchObject({ code: 1, text: expect.stringMatching(/^NoState: /) });
});

// Two stories each, on a machine that may be busy with other tests.
describe('a tour that is killed', { timeout: 240_000 }, () => {
  const state = (): string => join(folder, 'killed');

  /** Starts it, kills what `victim` names when the text has come, and waits for its end. */
  async function killedAt(text: string, victim: 'tour' | RegExp): Promise<string> {
    const child = spawn(process.execPath, [cli, 'tour', '--state', state(), '--port', String(port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    let killed = false;
    const collect = (chunk: Buffer): void => {
      told += chunk.toString();
      if (killed || !told.includes(text)) return;
      killed = true;
      if (victim === 'tour') child.kill('SIGKILL');
      else for (const pid of programsBelow(state(), victim)) process.kill(pid, 'SIGKILL');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    await new Promise((fulfil) => child.on('close', fulfil));
    return told;
  }

  test.each(['3. The server', '4. The centre asks', 'until Ctrl+C'])(
    'T84 at "%s" takes its programs with it, and the next start tells the whole story',
    async (moment) => {
      await killedAt(moment, 'tour');
      while (programsBelow(state(), /control-plane|agent/).length > 0) await sleep(20);
      const { code, text } = await tell('--state', state());
      expect(code, text).toBe(0);
    },
  );

  test.each([
    ['the agent', /agent\/src\/resident-main\.ts/, 'azcmagent'],
    ['the control plane', /control-plane\/src\/main\.ts start/, 'sallyport-control-plane'],
  ])(
    'T84 %s killed in the middle ends the story with a sentence, and the next start tells it whole',
    async (_who, victim, name) => {
      const told = await killedAt('4. The centre asks', victim);
      expect(told).toContain(`ProgramFailed: ${name} ended (signal SIGKILL). Its last words are in`);
      // The extension manager is a child of the agent's, and ends by itself once that is gone.
      await expect.poll(() => programsBelow(state(), /control-plane|agent/)).toEqual([]);
      const { code, text } = await tell('--state', state());
      expect(code, text).toBe(0);
    },
  );

  test('Ctrl+C in the middle ends everything with a sentence and exit code 1', async () => {
    const child = spawn(process.execPath, [cli, 'tour', '--state', state(), '--port', String(port)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    child.stdout.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('3. The server')) child.kill('SIGINT');
    });
    const code = await new Promise((fulfil) => child.on('close', fulfil));
    expect(told).toMatch(/^Interrupted: /m);
    expect(code).toBe(1);
    expect(programsBelow(state(), /control-plane|agent/)).toEqual([]);
  });
});

test(
  'whatever its reader has set on the server, the next start opens the gate, aloud',
  { timeout: 240_000 },
  async () => {
    const server = join(folder, 'state/server');
    const azcmagent = (...args: readonly string[]): string =>
      execFileSync(process.execPath, [join(import.meta.dirname, '../../apps/agent/src/main.ts'), 'config', ...args], {
        env: { ...process.env, AZCMAGENT_ROOT: server },
        encoding: 'utf8',
      });
    azcmagent('set', 'extensions.allowlist', 'Microsoft.Azure.Monitor/AzureMonitorLinuxAgent');
    azcmagent('set', 'config.mode', 'monitor');
    azcmagent('set', 'extensions.enabled', 'false');
    const { code, text } = await tell();
    expect(code, text).toBe(0);
    for (const line of [
      'extensions.enabled true',
      'config.mode full',
      'extensions.allowlist Microsoft.Azure.Extensions/CustomScript',
    ])
      expect(text).toContain(`$ azcmagent config set ${line}`);
    expect(azcmagent('get', 'extensions.allowlist')).toContain('Microsoft.Azure.Monitor/AzureMonitorLinuxAgent');
  },
);

/** Processes whose command line or environment names the folder, by what else their command line holds. */
function programsBelow(state: string, words: RegExp): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        const about = `${command} ${readFileSync(`/proc/${name}/environ`, 'utf8')}`;
        return !command.includes(' tour ') && about.includes(state) && words.test(command.replaceAll('/bin/..', ''));
      } catch {
        // It has ended meanwhile, or is somebody else's.
        return false;
      }
    })
    .map(Number);
}
