import { expect, test } from 'vitest';
import { endOfWait, Rounds } from './rounds.ts';

test('long waits that end within a second end together, none later than it asked for; short ones end when they are to', () => {
  expect([endOfWait(100, 300_000), endOfWait(999, 300_000), endOfWait(1_000, 300_000)]).toEqual([
    300_000, 300_000, 301_000,
  ]);
  expect([endOfWait(100, 9_999), endOfWait(101, 1)]).toEqual([10_099, 102]);
});

test('who has left a round is not told of its end, and a round that everybody has left is forgotten', async () => {
  const rounds = new Rounds();
  const told: string[] = [];
  const waiting = (name: string): { end(): void } => ({ end: () => void told.push(name) });
  const [one, other, alone] = [waiting('one'), waiting('other'), waiting('alone')];
  const round = rounds.join(one, 10_000);
  round.join(other);
  round.leave(one);
  round.leave(other);
  expect(rounds.join(alone, 10_000)).not.toBe(round);
  const short = rounds.join(one, 5);
  short.join(other);
  short.leave(one);
  await expect.poll(() => told, { timeout: 30_000 }).toEqual(['other']);
  rounds.join(alone, 10_000).leave(alone);
});
