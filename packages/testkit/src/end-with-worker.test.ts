import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hasPostgres } from './postgres-server.ts';

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

test.runIf(hasPostgres())(
  'a PostgreSQL ends with its worker, all of its processes, and keeps nothing in shared memory',
  async () => {
    const server = JSON.stringify(join(import.meta.dirname, 'postgres-server.ts'));
    const script = `
    import { startPostgres } from ${server};
    const postgres = await startPostgres();
    process.stdout.write(postgres.socket);
    setInterval(() => undefined, 1000);`;
    const shared = (): readonly string[] => readdirSync('/dev/shm').filter((name) => name.startsWith('PostgreSQL.'));
    const before = new Set(shared());
    const worker = spawn(process.execPath, ['--input-type=module', '--eval', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(worker, 'close');
    const [said] = (await once(worker.stdout, 'data')) as [Buffer];
    const folder = said.toString();
    const own = processesIn(folder);
    const memory = shared().filter((name) => !before.has(name));
    expect(own.length).toBeGreaterThan(1);
    worker.kill('SIGTERM');
    await closed;
    try {
      await expect.poll(() => processesIn(folder)).toEqual([]);
      if (memory.length === 1) expect(shared()).not.toContain(memory[0]);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
);

/** Those whose working directory is there or below. */
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/cwd`).startsWith(folder);
    } catch {
      return false;
    }
  });
}

/** '' once it has ended, whether somebody has taken note of that or not. */
function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1');
  } catch {
    return '';
  }
}
