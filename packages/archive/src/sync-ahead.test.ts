import { expect, test } from 'vitest';
import { syncAhead } from './sync-ahead.ts';
import type { TreeFacts } from './tree-facts.ts';

const trusted: TreeFacts = { paths: 1000, fileSystemType: 0xef53, kernel: '6.1.0', waitingBytes: 0 };

/** One whose calls end as `ends` says, one after the other; the last stays. Says how often it was called. */
function means(facts: () => TreeFacts, ...ends: readonly boolean[]) {
  const calls = { made: 0 };
  const sync = (): Promise<boolean> => Promise.resolve(ends[Math.min(calls.made++, ends.length - 1)] ?? false);
  return { calls, means: { facts, sync } };
}

test('T84 what is being written is synced again and again, until it is stopped', async () => {
  const { calls, means: good } = means(() => trusted, true);
  const ahead = syncAhead('/somewhere', good);
  await expect.poll(() => calls.made, { timeout: 20_000 }).toBeGreaterThanOrEqual(2);
  expect(await ahead.stop()).toBeUndefined();
});

test('T84 after a call that failed no other is made, and each file is to be asked', async () => {
  const { calls, means: bad } = means(() => trusted, true, false, true);
  const ahead = syncAhead('/somewhere', bad);
  await expect.poll(() => calls.made, { timeout: 20_000 }).toBe(2);
  expect(await ahead.stop()).toBe('each');
  expect(calls.made).toBe(2);
});

test.each<[string, () => TreeFacts]>([
  ['a file system that is not known', () => ({ ...trusted, fileSystemType: 1 })],
  [
    'a directory that has gone',
    () => {
      throw new Error('ENOENT');
    },
  ],
])('%s is left alone', async (_what, facts) => {
  let asked = 0;
  const { calls, means: none } = means(() => {
    asked += 1;
    return facts();
  }, true);
  const ahead = syncAhead('/somewhere', none);
  await expect.poll(() => asked, { timeout: 20_000 }).toBe(1);
  expect(await ahead.stop()).toBeUndefined();
  expect(calls.made).toBe(0);
});
