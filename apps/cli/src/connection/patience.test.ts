import { expect, test } from 'vitest';
import { secondsToWait } from './patience.ts';

test.each([
  ['1', 0, 1],
  ['0', 0, 1],
  ['17', 30, 17],
  [undefined, 0, 5],
  ['Wed, 21 Oct 2026 07:28:00 GMT', 0, 5],
  ['120', 0, 120],
  ['120', 1, undefined],
  ['999999', 0, undefined],
])('T19 Retry-After %s, %d s waited: %s', (retryAfter, waited, expected) => {
  expect(secondsToWait(retryAfter, waited)).toBe(expected);
});
