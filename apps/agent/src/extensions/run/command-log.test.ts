import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  linkSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { commandLogPath, logCommand } from './command-log.ts';

const finished = {
  commandLine: '/x/enable.sh',
  end: { kind: 'exit', code: 7 },
  stdout: Buffer.from('see https://blob/x?sig=secret'),
  stderr: Buffer.from([0xff]),
} as const;

test('above 10 MiB the older half of CommandExecution.log goes, on whole lines; only root reads it', () => {
  using directory = temporaryDirectory('log');
  const path = commandLogPath(directory.path);
  expect(commandLogPath('/l', 'one')).toBe('/l/CommandExecution_one.log');
  logCommand(path, 0, finished, 12);
  const [first = ''] = readFileSync(path, 'utf8').split('\n');
  expect(JSON.parse(first)).toMatchObject({ level: 'error', command: '/x/enable.sh', end: 'exit 7', milliseconds: 12 });
  expect(first).toContain('sig=REDACTED');
  expect(first).toContain(String.raw`\\xff`);
  appendFileSync(path, `${'x'.repeat(99)}\n`.repeat(120_000));
  logCommand(path, 0, finished, 13);
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(statSync(path).size).toBeLessThan(6 * 1024 * 1024);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(lines.slice(0, -2).every((line) => line === 'x'.repeat(99))).toBe(true);
  expect(lines.at(-2)).toContain('"milliseconds":13');
  expect(readdirSync(directory.path)).toEqual(['CommandExecution.log']);
});

test.each([
  ['a symbolic link', symlinkSync],
  ['a hard link', linkSync],
  ['a pipe', (_victim: string, path: string) => execFileSync('mkfifo', [path])],
])('T57 %s in the place of the log leads no line to another file, and holds up nothing', (_what, plant) => {
  using directory = temporaryDirectory('log');
  const victim = join(directory.path, 'victim');
  writeFileSync(victim, 'as it was');
  const path = commandLogPath(directory.path);
  plant(victim, path);
  logCommand(path, 0, finished, 12);
  logCommand(path, 0, finished, 13);
  expect(readFileSync(victim, 'utf8')).toBe('as it was');
  expect(lstatSync(path).isFile()).toBe(true);
  expect(readFileSync(path, 'utf8').match(/"command"/g)).toHaveLength(4);
});
