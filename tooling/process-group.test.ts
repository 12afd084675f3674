import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryDirectory } from '@sallyport/testkit';
import { expect, test } from 'vitest';

/** Starts a group that says so and stays, with a process of its own beside it. */
const starter = `
  import { startGroup } from ${JSON.stringify(join(import.meta.dirname, 'process-group.ts'))};
  const group = startGroup('/bin/sh', ['-c', process.argv[2]], process.argv[1]);
  process.once('SIGTERM', () => group.end());
  process.exitCode = await group.code;
`;
const stays = 'sleep 86397 & echo started; wait';

/** Processes that are in that folder. */
function processesIn(folder: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`FOLDER=${folder}\0`);
    } catch {
      // It has ended.
      return false;
    }
  });
}

test.each(['SIGKILL', 'SIGTERM'] as const)('whoever started it ends by %s: all of it ends', async (signal) => {
  using directory = temporaryDirectory('group');
  const child = spawn(process.execPath, ['--input-type=module', '-e', starter, directory.path, stays], {
    env: { ...process.env, FOLDER: directory.path },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  expect(processesIn(directory.path).length).toBeGreaterThan(3);
  child.kill(signal);
  await expect.poll(() => processesIn(directory.path)).toEqual([]);
});

test('its end is told, and leaves nothing of it', async () => {
  using directory = temporaryDirectory('group');
  const child = spawn(
    process.execPath,
    ['--input-type=module', '-e', starter, directory.path, 'sleep 86397 & exit 7'],
    { env: { ...process.env, FOLDER: directory.path }, stdio: 'inherit' },
  );
  expect(await once(child, 'exit')).toEqual([7, null]);
  await expect.poll(() => processesIn(directory.path)).toEqual([]);
});
