import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const module = JSON.stringify(join(import.meta.dirname, 'end-with-worker.ts'));

test.each([
  ['is ended by its runner', 'setInterval(() => undefined, 1000);', 'SIGTERM'],
  ['ends by itself', 'process.exit();', null],
] as const)('what was started ends with a worker that %s', async (_how, end, signal) => {
  const script = `
    import { spawn } from 'node:child_process';
    import { endWithWorker } from ${module};
    const ended = spawn('true', { stdio: 'ignore' });
    endWithWorker(ended);
    ended.once('exit', () => {
      const left = spawn('sleep', ['1000'], { stdio: 'ignore' });
      endWithWorker(left);
      process.stdout.write(String(left.pid), () => { ${end} });
    });`;
  const worker = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(worker, 'close');
  const [said] = (await once(worker.stdout, 'data')) as [Buffer];
  if (signal !== null) worker.kill(signal);
  expect(await closed).toEqual([signal === null ? 0 : null, signal]);
  await expect.poll(() => commandOf(said.toString())).toBe('');
});

/** '' once it has ended, whether somebody has taken note of that or not. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
