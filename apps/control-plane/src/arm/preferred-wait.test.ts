import { expect, test } from 'vitest';
import { preferredWait } from './preferred-wait.ts';

test.each([
  [null, 0],
  ['', 0],
  ['wait=10', 10],
  ['respond-async, Wait = "7"; foo=bar, wait=9', 7],
  ['return=minimal', 0],
  ['wait', 0],
  ['wait=-1', 0],
  ['await=5', 0],
  ['wait=12345678', 0],
])('Prefer: %s is a wait of %i seconds', (header, seconds) => {
  expect(preferredWait(header)).toBe(seconds);
});
