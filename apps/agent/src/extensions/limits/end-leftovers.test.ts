/** What a version of an extension has left running ends with its files, whatever its own commands do about it (T44). */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { entry } from '../machine.fixture.ts';
import { managedMachine, type ManagedMachine } from '../managed-machine.fixture.ts';

const [v1, v2] = ['1.0.0', '2.0.0'].map((text) => parseHandlerVersion(text)) as [HandlerVersion, HandlerVersion];
const leaves = { scripts: { enable: 'setsid sleep 119.86 > /dev/null 2>&1 &\necho $! > "$dir/../left"' } };

/** The process that the last enable left, while it lives. */
function left({ machine }: ManagedMachine): number | undefined {
  const pid = Number(readFileSync(join(machine.host.paths.handlers, 'left'), 'utf8'));
  return isAlive(pid) ? pid : undefined;
}

/** One that has ended has no command line, though nobody may have buried it. */
function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('119.86');
}

test('T44 a removal ends it', async () => {
  await using managed = await managedMachine();
  managed.place(v2, 'wanted', 'install', leaves);
  await managed.want(entry());
  await expect.poll(() => left(managed) ?? 0).toBeGreaterThan(0);
  await managed.want(entry({ desired: 'absent', version: '', operationId: 'gone', sequence: 9 }));
  expect(managed.told()).toMatchObject({ operationId: 'gone', state: 'Succeeded' });
  await expect.poll(() => left(managed)).toBeUndefined();
});

test('T44 an upgrade ends what the version before left, and nothing of the new one', async () => {
  await using managed = await managedMachine();
  managed.place(v1, 'one', 'install', leaves);
  await managed.want(entry({ version: v1, operationId: 'one', sequence: 1 }));
  await expect.poll(() => left(managed) ?? 0).toBeGreaterThan(0);
  const before = left(managed);
  const meets = 'grep -q 119.86 "/proc/$(cat "$dir/../left")/cmdline" && touch "$dir/../both"';
  managed.place(v2, 'two', 'upgrade', { scripts: { enable: `${meets}\n${leaves.scripts.enable}` } });
  await managed.want(entry({ version: v2, operationId: 'two', sequence: 2 }));
  expect(managed.told()).toMatchObject({ operationId: 'two', state: 'Succeeded' });
  expect(isAlive(before ?? 0)).toBe(false);
  // Not even for a moment: the files of the version before are out of sight by then.
  expect(existsSync(join(managed.machine.host.paths.handlers, 'both'))).toBe(false);
  await expect.poll(() => left(managed) ?? 0).toBeGreaterThan(0);
  await managed.want(entry({ desired: 'absent', version: '', operationId: 'gone', sequence: 3 }));
  await expect.poll(() => left(managed)).toBeUndefined();
});
