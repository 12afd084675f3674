import { expect, test } from 'vitest';
import { QuickAnswers } from './quick-answers.ts';

/** How many of so many answers, each after that many milliseconds, are followed by a pause. */
function pauses(answers: number, milliseconds: number): number {
  const quick = new QuickAnswers(0);
  let count = 0;
  for (let i = 0; i < answers; i += 1) if (quick.answered(i * milliseconds, (i + 1) * milliseconds)) count += 1;
  return count;
}

test('some answers at once are for a reason, and nothing pauses for them', () => {
  expect(pauses(10, 20)).toBe(0);
});

test('answers that were held are followed by no pause, however many there are', () => {
  expect(pauses(10_000, 100)).toBe(0);
});

test('T19 a centre that holds nothing is not asked in a tight loop', () => {
  expect(pauses(1000, 1)).toBeGreaterThan(970);
});

test('what was used up comes back with time', () => {
  const quick = new QuickAnswers(0);
  for (let i = 0; i < 100; i += 1) quick.answered(i, i);
  expect(quick.answered(100, 101)).toBe(true);
  expect(quick.answered(60_000, 60_001)).toBe(false);
});
