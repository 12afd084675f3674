/**
 * T84: the extension manager cut off at any moment, by a kill or by a loss of power, has the old or the new on its disk and never
 * a mixture, and arrives when it is started again. `npm run crash` does it at every call; here it is done at some of them.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { crashMachine, crashOperations, type CrashMachine, type CrashOperation } from './crash-machine.ts';
import { killedAt } from './killed-at.ts';

let machine: CrashMachine;
beforeAll(async () => {
  machine = await crashMachine();
});
afterAll(() => machine[Symbol.dispose]());

const operations = Object.keys(crashOperations) as readonly CrashOperation[];
/** Of every operation, so many calls, spread over the whole of it but for the last few, whose number is not the same every time. */
const kills = 4;
const spread = 0.95;
/**
 * What a look at the disk cannot tell. A version that was brought back is recorded as uninstalled, with its files in their place; one
 * that is being set aside is uninstalled too, with its files aside. Only the next start would miss them.
 */
const seenLater: ReadonlySet<string> = new Set(['syncDirectory < bringBack']);

describe.each(operations)('T84 %s', (operation) => {
  test('after a loss of power at any moment the disk is whole, and what was told is still so', async () => {
    await machine.reset(operation);
    const run = await machine.start(operation, { imagine: true });
    expect(run?.end).toMatch(crashOperations[operation].end);
    expect(run?.violations).toEqual([]);
    expect(machine.leftovers()).toEqual([]);
  });

  test(
    `killed just before ${kills} of its calls, it arrives when it is started again`,
    { timeout: 300_000 },
    async () => {
      await machine.reset(operation);
      const calls = (await machine.start(operation))?.calls ?? 0;
      expect(calls).toBeGreaterThan(kills);
      for (let i = 0; i < kills; i += 1) {
        expect(await killedAt(machine, operation, 1 + Math.floor((spread * i * (calls - 1)) / (kills - 1)))).toEqual(
          [],
        );
      }
    },
  );
});

test('T84 every fsync is needed: with any one left out, a loss of power does harm', { timeout: 300_000 }, async () => {
  const needed = new Map<string, boolean>();
  for (const operation of operations) {
    await machine.reset(operation);
    for (const where of (await machine.start(operation, { imagine: true }))?.syncs ?? []) {
      if (needed.get(where) === true) continue;
      await machine.reset(operation);
      const run = await machine.start(operation, { imagine: true, leaveOut: where });
      needed.set(where, (run?.violations.length ?? 0) > 0);
    }
  }
  const harmless = [...needed].filter(([, harm]) => !harm).map(([where]) => where);
  expect(harmless.filter((where) => !seenLater.has(where))).toEqual([]);
});
