import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseHandlerManifest, type FinishedCommand } from '@sallyport/handler-contract';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { launchWords } from '../limits/launcher.ts';
import { commandAtGate } from './run-command.ts';

const limits = { cpuPercent: 30, memoryBytes: 2 ** 30, processes: 1000, diskBytes: 2 ** 30 };
const version = parseHandlerVersion('1.2.3') as HandlerVersion;

interface Run {
  readonly script: string;
  /** The first line; a shell's unless told otherwise. */
  readonly first?: string;
  readonly secondsLeft?: number;
  readonly signal?: AbortSignal;
}

async function runScript(directory: TemporaryDirectory, run: Run): Promise<FinishedCommand> {
  const handler = join(directory.path, 'handler');
  const scratch = join(directory.path, 'scratch');
  mkdirSync(handler, { recursive: true });
  mkdirSync(scratch, { recursive: true });
  writeFileSync(join(handler, 'run.sh'), `${run.first ?? '#!/bin/sh\n'}${run.script}\n`, { mode: 0o755 });
  const line = 'run.sh one "two three"';
  const commands = { installCommand: line, enableCommand: line, updateCommand: line, disableCommand: line };
  const manifest = JSON.stringify([{ handlerManifest: { ...commands, uninstallCommand: 'absent.sh' } }]);
  const command = commandAtGate({
    directory: handler,
    version,
    manifest: parseHandlerManifest(manifest),
    call: { command: 'enable', uninstallExitCode: undefined },
    sequence: 5,
    scratch,
    launch: (command) => launchWords(limits, [], command),
    leave: (files) => files.forEach((file) => file.close()),
  });
  const signal = run.signal ?? new AbortController().signal;
  const finished = await command.run({ secondsLeft: run.secondsLeft ?? 60, signal });
  expect(readdirSync(scratch)).toEqual([]);
  return finished;
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString();

test('T58 the environment is built from empty: nothing of the agent leaks in', async () => {
  using directory = temporaryDirectory('run');
  process.env['NODE_OPTIONS_FOR_TEST'] = 'leak';
  process.env['ConfigSequenceNumber'] = '99';
  const { stdout, end } = await runScript(directory, {
    script: 'env | cut -d= -f1 | sort; env | grep -E "Sequence|^PATH"',
  });
  delete process.env['NODE_OPTIONS_FOR_TEST'];
  delete process.env['ConfigSequenceNumber'];
  expect(end).toEqual({ kind: 'exit', code: 0 });
  expect(text(stdout)).not.toContain('NODE_OPTIONS_FOR_TEST');
  expect(text(stdout)).toContain('ConfigSequenceNumber=5');
  const path = /^PATH=(.*)$/m.exec(text(stdout))?.[1]?.split(':') ?? [];
  expect(path.at(-1)).toBe(dirname(process.execPath));
  expect(path.every((entry) => entry.startsWith('/'))).toBe(true);
});

test('T42 arguments arrive as words, the working directory is the handler, and it leads its own session', async () => {
  using directory = temporaryDirectory('run');
  const { stdout } = await runScript(directory, {
    script: 'echo "$#|$1|$2|$(pwd)|$(cut -d" " -f6 /proc/$$/stat)|$$"',
  });
  const [count, one, two, cwd, session, pid] = text(stdout).trim().split('|');
  expect([count, one, two, cwd]).toEqual(['2', 'one', 'two three', join(directory.path, 'handler')]);
  expect(session).toBe(pid);
});

test('a child that keeps the output open does not delay the end, and lives on', async () => {
  using directory = temporaryDirectory('run');
  const { end, stdout } = await runScript(directory, {
    script: 'echo before\n(sleep 0.3; echo after > late.txt) &\nexit 3',
  });
  expect(end).toEqual({ kind: 'exit', code: 3 });
  expect(text(stdout)).toBe('before\n');
  const late = join(directory.path, 'handler/late.txt');
  await expect.poll(() => readIfThere(late), { timeout: 20_000 }).toBe('after\n');
});

test('at its time limit the whole group is ended, and only then', async () => {
  using directory = temporaryDirectory('run');
  const { end } = await runScript(directory, { script: 'sleep 1000 & echo $! > child.pid\nwait', secondsLeft: 1 });
  expect(end).toEqual({ kind: 'timeout', seconds: 1 });
  const child = Number(readFileSync(join(directory.path, 'handler/child.pid'), 'utf8'));
  await expect.poll(() => isRunning(child), { timeout: 20_000 }).toBe(false);
});

test('told to stop, it ends the group', async () => {
  using directory = temporaryDirectory('run');
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 100);
  const { end } = await runScript(directory, { script: 'sleep 1000', signal: stop.signal });
  expect(end).toEqual({ kind: 'signal', signal: 'SIGKILL' });
});

test('much output costs no memory: the ends are kept', async () => {
  using directory = temporaryDirectory('run');
  const { stdout } = await runScript(directory, { script: 'head -c 3000000 /dev/zero | tr "\\0" x; echo END' });
  expect(stdout.length).toBeLessThan(20_000);
  expect(text(stdout)).toMatch(/xEND\n$/);
});

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not written yet.
    return '';
  }
}

function isRunning(pid: number): boolean {
  return /^(?!.*\) Z ).+/.test(readIfThere(`/proc/${pid}/stat`));
}

test('S1.3 a script without an interpreter in its first line is run by the shell; one whose interpreter is missing ends with 127', async () => {
  using directory = temporaryDirectory('run');
  const { end, stdout } = await runScript(directory, { first: '', script: 'echo "$1 and $2"' });
  expect(end).toEqual({ kind: 'exit', code: 0 });
  expect(text(stdout)).toBe('one and two three\n');
  const missing = await runScript(directory, { first: '#!/usr/bin/no-such-python\n', script: 'x' });
  expect(missing.end).toEqual({ kind: 'exit', code: 127 });
  expect(text(missing.stderr)).toContain('run.sh');
});

test('T84 at its gate nothing of a handler runs: not when it is given up, and not when the agent has gone', async () => {
  using directory = temporaryDirectory('gate');
  const trace = join(directory.path, 'ran');
  const script = join(directory.path, 'run.sh');
  writeFileSync(script, `#!/bin/sh\ntouch ${trace}\n`, { mode: 0o755 });
  const commands = Object.fromEntries(
    ['install', 'enable', 'update', 'disable', 'uninstall'].map((name) => [`${name}Command`, 'run.sh']),
  );
  const left: string[] = [];
  const command = commandAtGate({
    directory: directory.path,
    version,
    manifest: parseHandlerManifest(JSON.stringify([{ handlerManifest: commands }])),
    call: { command: 'enable', uninstallExitCode: undefined },
    sequence: 5,
    scratch: directory.path,
    launch: (words) => launchWords(limits, [], words),
    leave: (files) =>
      files.forEach((file) => {
        left.push(String(file.tail()));
        file.close();
      }),
  });
  await command.giveUp();
  expect(left).toEqual(['', '']);
  const [program, ...words] = launchWords(limits, [], [script]);
  expect(spawnSync(program, words, { input: '' }).status).toBe(125);
  expect(readdirSync(directory.path)).toEqual(['run.sh']);
  expect(spawnSync(program, words, { input: '\n' }).status).toBe(0);
  expect(readdirSync(directory.path)).toEqual(['ran', 'run.sh']);
});
