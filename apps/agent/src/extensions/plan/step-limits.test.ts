/** Nothing can hang: every state and every step has its deadline and its exit, and the reference says which. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isTerminal, operationStates, runningDeadlineSeconds } from '@sallyport/model';
import { expect, test } from 'vitest';
import { stepLimits, waitingWord } from './step-limits.ts';

const reference = readFileSync(join(import.meta.dirname, '../../../../../docs/reference/operations.md'), 'utf8');
const rows = new Map(
  [...reference.matchAll(/^\| `([\w-]+)` \|(.*)\|$/gm)].map(([, word = '', rest = '']) => [word, rest.split('|')]),
);

test.each(operationStates)('the state %s has a deadline and an exit', (state) => {
  const [, deadline = '', exits = ''] = rows.get(state)?.map((cell) => cell.trim()) ?? [];
  if (isTerminal(state)) {
    expect(deadline).toBe('–');
  } else {
    expect(deadline).toMatch(/6 hours|95 minutes|the step's/);
    // Whatever it is at, it can end badly by itself.
    expect(exits).toMatch(/`TimedOut`|`MachineOffline`/);
  }
});

test.each(Object.entries(stepLimits))('the step %s has a limit, and the reference names both', (_kind, limit) => {
  expect(limit.seconds).toBeGreaterThan(0);
  expect(limit.seconds).toBeLessThanOrEqual(runningDeadlineSeconds);
  const [, deadline = '', then = ''] = rows.get(limit.word)?.map((cell) => cell.trim()) ?? [];
  expect(deadline).toContain(`${limit.seconds} s`);
  expect(then).toContain(
    limit.command && limit.word !== 'uninstalling' ? 'HandlerTimedOut' : limit.command ? 'ended' : 'OperationTimedOut',
  );
});

test('words of steps are told apart', () => {
  const words = [...Object.values(stepLimits).map(({ word }) => word), waitingWord];
  expect(new Set(words).size).toBe(words.length);
  expect(rows.has(waitingWord)).toBe(true);
});
