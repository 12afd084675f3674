import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';
import { lockHolder, takeProcessLock } from './process-lock.ts';

test('one holder at a time, named to the others; free again after its release', () => {
  using directory = temporaryDirectory('lock');
  const path = join(directory.path, 'run/agent.lock');
  const first = takeProcessLock(path);
  expect(first.taken).toBe(true);
  expect(takeProcessLock(path)).toEqual({ taken: false, holder: process.pid });
  expect(lockHolder(path)).toBe(process.pid);
  if (first.taken) first.release();
  expect(lockHolder(path)).toBeUndefined();
  expect(takeProcessLock(path).taken).toBe(true);
  expect(readdirSync(join(directory.path, 'run'))).toEqual(['agent.lock']);
});

test.each([
  ['of a process that has ended', () => JSON.stringify({ pid: spawnSync('true').pid, started: 'x/1' })],
  ['whose number belongs to another process by now', () => JSON.stringify({ pid: process.pid, started: 'boot/1' })],
  ['that was half written', () => '{"pid": 1'],
])('T84 a lock %s is taken over', (_title, content) => {
  using directory = temporaryDirectory('lock');
  const path = join(directory.path, 'agent.lock');
  writeFileSync(path, content());
  expect(lockHolder(path)).toBeUndefined();
  expect(takeProcessLock(path).taken).toBe(true);
  expect(JSON.parse(readFileSync(path, 'utf8'))).toMatchObject({ pid: process.pid });
});

test('many processes at once: exactly one gets it', async () => {
  using directory = temporaryDirectory('lock');
  const path = join(directory.path, 'agent.lock');
  writeFileSync(path, JSON.stringify({ pid: spawnSync('true').pid, started: 'x/1' }));
  const program = `import { takeProcessLock } from ${JSON.stringify(join(import.meta.dirname, 'process-lock.ts'))};
    process.stdout.write(String(takeProcessLock(${JSON.stringify(path)}).taken));
    process.stdin.resume();`;
  const { spawn } = await import('node:child_process');
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--input-type=module-typescript', '-e', program], { stdio: ['pipe', 'pipe', 'inherit'] }),
  );
  const answers = await Promise.all(
    children.map(
      (child) => new Promise<string>((resolve) => child.stdout.once('data', (data: Buffer) => resolve(String(data)))),
    ),
  );
  for (const child of children) child.stdin.end();
  expect(answers.filter((answer) => answer === 'true')).toHaveLength(1);
  expect(existsSync(path)).toBe(true);
});
