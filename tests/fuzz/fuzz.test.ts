/** Each fuzz target runs a little at every test, the same inputs each time; `npm run fuzz` runs it as long as one likes. */
import { expect, test } from 'vitest';
import { fuzz, FuzzFinding } from './fuzz.ts';
import type { FuzzTarget } from './target.ts';
import { targets } from './targets.ts';

const executions = 20_000;

test.each(Object.entries(targets))(
  'T37 T41 T53 the reader of %s holds what it must on mutated inputs',
  async (_name, target) => {
    const run = await fuzz(target, executions, 1);
    expect(run.executions).toBe(executions);
    // A run in which everything is refused, or everything is taken, would prove nothing.
    expect(run.accepted).toBeGreaterThan(executions / 200);
    expect(run.refused).toBeGreaterThan(executions / 20);
  },
);

test('an input for which something does not hold is found, and found again with the same seed', async () => {
  const fragile: FuzzTarget = {
    reads: 'anything',
    seeds: [Buffer.from('harmless')],
    words: [Buffer.from('!')],
    most: 64,
    execute(input) {
      if (input.includes('!')) throw new Error('cannot stand this');
      return 'accepted';
    },
  };
  const found = async (seed: number): Promise<unknown> => fuzz(fragile, 1000, seed).catch((error: unknown) => error);
  const first = await found(3);
  expect(first).toBeInstanceOf(FuzzFinding);
  expect(await found(3)).toMatchObject({
    message: (first as FuzzFinding).message,
    input: (first as FuzzFinding).input,
  });
});
