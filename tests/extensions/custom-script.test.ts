/** The built package, driven by hand as a host would (S3.1, S1.3, S1.7). */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { StatusReading } from '@sallyport/handler-contract';
import { hasProgram, temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { buildExtensions, type BuiltExtension } from '../../tooling/build/build-extensions.ts';
import { hostPackage, type HandlerHost } from './handler-host.ts';

const output = temporaryDirectory('custom-script-package');
let built: BuiltExtension | undefined;
let root: TemporaryDirectory;
let host: HandlerHost;

beforeAll(async () => {
  built = (await buildExtensions(output.path)).find((extension) => extension.type === 'CustomScript');
});
afterAll(() => output.remove());
beforeEach(async () => {
  root = temporaryDirectory('custom-script');
  host = await hostPackage(root.path, built?.file ?? '', 'Microsoft.Azure.Extensions.CustomScript', '2.1.0');
});
afterEach(async () => {
  await host.command('uninstall', 0);
  root.remove();
});

const base64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');
const dataFolder = (): string => join(host.all, 'custom-script');

function said(reading: StatusReading): string {
  return reading.kind === 'status'
    ? `${reading.status.status} ${reading.status.code} ${reading.status.message}`
    : reading.kind;
}

/** Everything below a folder as one text, for looking for secrets. */
function everythingIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n');
}

async function enabled(
  sequence: number,
  open: Readonly<Record<string, unknown>> | null,
  secret?: unknown,
): Promise<string> {
  host.configure(sequence, open, secret);
  const result = await host.command('enable', sequence);
  expect(result).toEqual({ code: 0, stdout: '', stderr: '' });
  return said(await host.finalStatus(sequence));
}

describe('S3.1 what the settings say is run', () => {
  test('every command of the handler succeeds', async () => {
    for (const name of ['install', 'update', 'disable', 'uninstall'] as const) {
      expect(await host.command(name, 0)).toEqual({ code: 0, stdout: '', stderr: '' });
    }
  });

  test('commandToExecute: both streams come back, and the end of a short script before the command returns', async () => {
    host.configure(0, { commandToExecute: 'echo out; echo err >&2' });
    expect((await host.command('enable', 0)).code).toBe(0);
    expect(said(await host.finalStatus(0))).toBe('success 0 Enable succeeded:\n[stdout]\nout\n[stderr]\nerr');
  });

  test('script: base64, with gzip and without, by /bin/sh or what it names', async () => {
    expect(await enabled(1, { script: base64('echo "plain $0" | sed s,/.*/,,') })).toContain('plain script.sh');
    expect(await enabled(2, { script: base64(gzipSync('echo packed')) })).toContain('[stdout]\npacked\n');
    expect(await enabled(3, { script: base64('#!/usr/bin/env node\nconsole.log("by node")\n') })).toContain('by node');
    expect(await enabled(4, { script: base64('\ufeffecho dos\r\nexit 0\r\n') })).toBe(
      'success 0 Enable succeeded:\n[stdout]\ndos\n[stderr]\n',
    );
  });

  test('a script that fails: its exit code is in code and message, with its output', async () => {
    expect(await enabled(0, { commandToExecute: 'echo half; echo why >&2; exit 7' })).toBe(
      'error 7 Enable failed: the script ended with exit code 7.\n[stdout]\nhalf\n[stderr]\nwhy',
    );
    expect(await enabled(1, { commandToExecute: 'kill -9 $$' })).toContain(
      'error 1 Enable failed: the script was ended by the signal SIGKILL.',
    );
  });

  test('only the last 4 KB of each stream are kept, never half a character', async () => {
    const message = await enabled(0, {
      commandToExecute: 'i=0; while [ $i -lt 3000 ]; do printf "\u00e4$i "; i=$((i+1)); done',
    });
    expect(message).toContain('\u00e42999');
    expect(message).not.toContain('\ufffd');
    expect(Buffer.byteLength(message)).toBeLessThan(4300);
    expect(Buffer.byteLength(message)).toBeGreaterThan(4000);
  });

  test('a long script runs on in the background after the command has returned', async () => {
    const gate = join(root.path, 'gate');
    host.configure(0, { commandToExecute: `echo waiting; while [ ! -e '${gate}' ]; do sleep 0.05; done; echo done` });
    expect((await host.command('enable', 0)).code).toBe(0);
    expect(said(host.status(0))).toBe('transitioning 0 Enable in progress.');
    writeFileSync(gate, '');
    expect(said(await host.finalStatus(0))).toContain('[stdout]\nwaiting\ndone\n');
  });

  test('what a script leaves running does not hold up its end', async () => {
    expect(await enabled(0, { commandToExecute: 'sleep 30 & echo $! ' })).toMatch(/^success 0/);
    const pid = Number(readFileSync(join(dataFolder(), 'download/0/stdout'), 'utf8'));
    process.kill(pid);
  });
});

describe('mrseq: once per settings', () => {
  test('the same sequence is not run again, a new one is, an older one is not', async () => {
    const counter = join(root.path, 'counter');
    const settings = { commandToExecute: `echo run >> '${counter}'` };
    const runs = (): number => readFileSync(counter, 'utf8').split('\n').length - 1;
    await enabled(5, settings);
    await enabled(5, settings);
    expect(runs()).toBe(1);
    await enabled(6, { ...settings, timestamp: 1 });
    expect(runs()).toBe(2);
    expect(await enabled(4, settings)).toBe(
      'success 0 Enable succeeded: these settings have been processed before; nothing was run again.',
    );
    expect(runs()).toBe(2);
    expect(readFileSync(join(host.directory, 'mrseq'), 'utf8')).toBe('6');
    expect(readdirSync(join(dataFolder(), 'download'))).toEqual(['6']);
  });

  test('a script that a restart of the machine has cut off is told, not repeated and not waited for', async () => {
    host.configure(1, { commandToExecute: 'sleep 30' });
    await host.command('enable', 1);
    expect(said(host.status(1))).toContain('transitioning');
    // While it runs, a second enable leaves it alone.
    await host.command('enable', 1);
    expect(said(host.status(1))).toContain('transitioning');
    const record = join(dataFolder(), 'download/1/runner.json');
    const runner = JSON.parse(readFileSync(record, 'utf8')) as { readonly pid: number; readonly group: number };
    process.kill(runner.pid, 'SIGKILL');
    process.kill(-runner.group, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 100));
    await host.command('enable', 1);
    expect(said(host.status(1))).toContain('error 1 Enable failed: the script was interrupted');
  });

  test('uninstall ends a running script and leaves nothing', async () => {
    const mark = join(root.path, 'mark');
    host.configure(1, { commandToExecute: `sleep 1; touch '${mark}'` });
    await host.command('enable', 1);
    expect((await host.command('uninstall', 1)).code).toBe(0);
    expect(existsSync(dataFolder())).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(existsSync(mark)).toBe(false);
  });
});

describe.runIf(hasProgram('openssl'))('S1.7 T52 protected settings (needs the program openssl)', () => {
  test('are opened with the certificate pair, run, and are found nowhere afterwards', async () => {
    const secret = 'TopSecret-4711';
    const message = await enabled(0, { timestamp: 1 }, { commandToExecute: `x=${secret}; echo length \${#x}` });
    expect(message).toContain('length 14');
    expect(message).not.toContain(secret);
    expect(everythingIn(root.path)).not.toContain(secret);
    await enabled(1, null, { script: base64(`: ${secret}; exit 3`) });
    expect(everythingIn(root.path)).not.toContain(secret);
  });

  test('are in no command line and no environment while they run, and lie where only the owner can read', async () => {
    const secret = 'TopSecret-4712';
    const gate = join(root.path, 'gate');
    host.configure(0, null, { commandToExecute: `: ${secret}; while [ ! -e '${gate}' ]; do sleep 0.05; done` });
    await host.command('enable', 0);
    const visible = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
      .map((pid) => ['cmdline', 'environ'].map((file) => readIfThere(`/proc/${pid}/${file}`)).join(''))
      .join('\n');
    expect(visible).not.toContain(secret);
    expect(visible).toContain('command.sh');
    const folder = join(dataFolder(), 'download/0');
    expect([dataFolder(), folder, join(folder, 'command.sh')].map((path) => statSync(path).mode & 0o777)).toEqual([
      0o700, 0o700, 0o700,
    ]);
    expect(statSync(join(folder, 'stdout')).mode & 0o777).toBe(0o600);
    writeFileSync(gate, '');
    await host.finalStatus(0);
  });

  test('that cannot be opened are an error that says so and nothing of the content', async () => {
    host.configure(0, null, { commandToExecute: 'true' });
    for (const name of readdirSync(host.all)) if (name.endsWith('.prv')) rmSync(join(host.all, name));
    const result = await host.command('enable', 0);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('The protected settings could not be opened with');
    expect(said(host.status(0))).toContain('error 1 Enable failed: The protected settings could not be opened');
  });
});

describe('settings that make no sense are refused with one sentence, and do not use up their sequence', () => {
  test.each<[string, Readonly<Record<string, unknown>> | null, unknown, string]>([
    ['nothing to run', {}, undefined, "There is nothing to run: give 'commandToExecute' or 'script'."],
    [
      'both',
      { commandToExecute: 'a', script: 'YQ==' },
      undefined,
      "'commandToExecute' and 'script' were both given; give one of them.",
    ],
    [
      'both, in two places',
      { commandToExecute: 'a' },
      { script: 'YQ==' },
      "'commandToExecute' and 'script' were both given",
    ],
    [
      'one setting in both places',
      { fileUris: [] },
      { fileUris: [], commandToExecute: 'a' },
      "'fileUris' is in the public and in the protected settings",
    ],
    [
      'a typing error',
      { commandToExecut: 'a' },
      undefined,
      "'commandToExecut' in the public settings is not a setting of Custom Script",
    ],
    [
      'a storage key',
      { commandToExecute: 'a' },
      { storageAccountKey: 'k' },
      'key of a storage account is not supported yet',
    ],
    [
      'a storage account',
      { commandToExecute: 'a' },
      { storageAccountName: 'k' },
      'key of a storage account is not supported yet',
    ],
    ['a managed identity', { commandToExecute: 'a' }, { managedIdentity: {} }, 'managed identity is not supported yet'],
    [
      'an address of a file',
      { commandToExecute: 'a', fileUris: ['file:///etc/passwd'] },
      undefined,
      "Address 1 in 'fileUris' is not an http or https address.",
    ],
    [
      'a name that goes up',
      { commandToExecute: 'a', fileUris: ['http://h/..%2fx'] },
      undefined,
      'does not end in a plain file name',
    ],
    ['no name', { commandToExecute: 'a', fileUris: ['http://h/'] }, undefined, 'does not end in a plain file name'],
    [
      'a name of the handler',
      { commandToExecute: 'a', fileUris: ['http://h/stdout'] },
      undefined,
      'a name that Custom Script uses itself',
    ],
    ['a name twice', { commandToExecute: 'a', fileUris: ['http://h/x', 'http://h/y/x'] }, undefined, "end in 'x'"],
    ['a list that is none', { commandToExecute: 'a', fileUris: 'http://h/x' }, undefined, "'fileUris' must be a list"],
    [
      'a timestamp in words',
      { commandToExecute: 'a', timestamp: 'now' },
      undefined,
      "'timestamp' must be a whole number.",
    ],
    [
      'a word for true',
      { commandToExecute: 'a', skipDos2Unix: 'true' },
      undefined,
      "'skipDos2Unix' must be true or false.",
    ],
    ['a script that is too large', { script: 'A'.repeat(256 * 1024 + 4) }, undefined, "'script' is larger than 256 KB"],
  ])('%s', async (_, open, secret, sentence) => {
    host.configure(3, open, secret);
    const result = await host.command('enable', 3);
    expect(result.code).toBe(1);
    expect(result.stderr).toContain(sentence);
    expect(said(host.status(3))).toContain(sentence);
    expect(existsSync(join(host.directory, 'mrseq'))).toBe(false);
    expect(existsSync(dataFolder())).toBe(false);
  });

  test('a script that is not base64, or a gzip bomb, is an error', async () => {
    expect(await enabled(0, { script: 'not base64!' })).toBe("error 1 Enable failed: 'script' is not base64.");
    expect(await enabled(1, { script: base64(gzipSync(Buffer.alloc(5 * 1024 * 1024))) })).toContain('larger than 4 MB');
  });

  test('no settings at all, and settings that are no JSON', async () => {
    writeFileSync(join(host.directory, 'config/0.settings'), '');
    expect((await host.command('enable', 0)).stderr).toContain('There is nothing to run');
    writeFileSync(join(host.directory, 'config/1.settings'), '{"runtimeSettings":');
    expect((await host.command('enable', 1)).stderr).toContain('The settings could not be read');
  });
});

describe('fileUris', () => {
  let server: Server;
  let address: string;
  let failures: number;
  beforeAll(async () => {
    const files: Readonly<Record<string, string>> = {
      '/tool.sh': '#!/bin/sh\r\necho tool $1\r\n',
      '/data.bin': '\0\r\n',
    };
    server = createServer((request, response) => {
      const path = (request.url ?? '').split('?')[0] ?? '';
      const content = files[path];
      if (path === '/moved.sh') response.writeHead(302, { location: '/tool.sh' }).end();
      else if (path === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else if (path === '/away') response.writeHead(302, { location: 'file:///etc/passwd' }).end();
      else if (path === '/flaky' && failures > 0) {
        failures -= 1;
        response.writeHead(503).end();
      } else if (path === '/flaky') response.end('at last');
      else if (path === '/short') {
        response.writeHead(200, { 'content-length': '100' }).write('short');
        setTimeout(() => response.destroy(), 50);
      } else if (content === undefined) response.writeHead(404).end();
      else response.end(content);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));

  test('are downloaded beside the script, with Unix line ends where they are scripts, for their owner only', async () => {
    const secret = '?sig=Secret4713';
    const message = await enabled(
      0,
      { fileUris: [`${address}/tool.sh${secret}`, `${address}/data.bin`] },
      { commandToExecute: './tool.sh works' },
    );
    expect(message).toContain('tool works');
    const folder = join(dataFolder(), 'download/0');
    expect(readFileSync(join(folder, 'data.bin'), 'latin1')).toBe('\0\r\n');
    expect(statSync(join(folder, 'tool.sh')).mode & 0o777).toBe(0o500);
    expect(readFileSync(join(host.logFolder, 'custom-script.log'), 'utf8')).not.toContain('Secret4713');
  });

  test('skipDos2Unix leaves them as they are; redirects are followed; a busy server is asked again', async () => {
    failures = 1;
    const fileUris = [`${address}/moved.sh`, `${address}/flaky`];
    expect(await enabled(0, { fileUris, skipDos2Unix: true, commandToExecute: 'cat flaky' })).toContain('at last');
    expect(readFileSync(join(dataFolder(), 'download/0/moved.sh'), 'utf8')).toContain('\r\n');
  });

  test.each([
    ['/missing', 'the server answered 404.'],
    ['/loop', 'it is redirected too often.'],
    ['/away', 'it is redirected from http: to file:, which is not followed.'],
    ['/short', 'failed: '],
  ])('%s fails with a sentence and nothing is run', async (path, sentence) => {
    const mark = join(root.path, 'mark');
    const message = await enabled(0, {
      fileUris: [`${address}${path}?sig=Secret4714`],
      commandToExecute: `touch '${mark}'`,
    });
    expect(message).toContain(`error 1 Enable failed: Downloading ${address}${path} failed: `);
    expect(message).toContain(sentence);
    expect(message).not.toContain('Secret4714');
    expect(existsSync(mark)).toBe(false);
  });
});

describe('the shim finds Node', () => {
  test('T58 it needs nothing on the PATH but Node and the system, and says clearly when there is none', async () => {
    const bare = join(root.path, 'bare');
    mkdirSync(bare);
    for (const program of ['sh', 'dirname', 'env'])
      symlinkSync(execFileSync('which', [program], { encoding: 'utf8' }).trim(), join(bare, program));
    const result = await host.command('install', 0, { PATH: bare });
    // A machine with our agent has Node in its place; then this is a success.
    const hasAgent = existsSync('/opt/azcmagent/bin/node');
    expect(result.code).toBe(hasAgent ? 0 : 52);
    expect(result.stderr).toContain(hasAgent ? '' : 'Custom Script needs Node.js 18 or newer: there is no');
    const old = join(root.path, 'old');
    mkdirSync(old);
    writeFileSync(join(old, 'node'), '#!/bin/sh\necho v16.20.0\n');
    chmodSync(join(old, 'node'), 0o755);
    const tooOld = await host.command('install', 0, { PATH: `${old}:/usr/bin:/bin` });
    expect(tooOld).toMatchObject({
      code: 52,
      stderr: `Custom Script needs Node.js 18 or newer, and ${old}/node is v16.20.0.\n`,
    });
  });

  test('an unknown command is refused', () => {
    const shim = join(host.directory, 'bin/custom-script-shim');
    expect(() => execFileSync(shim, ['reinstall'], { stdio: 'pipe' })).toThrow("'reinstall' is not a command");
  });
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    // The process ended meanwhile, or is another user's.
    return '';
  }
}
