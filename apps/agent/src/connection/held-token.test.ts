import { expect, test } from 'vitest';
import { heldToken } from './held-token.ts';

const { signal } = new AbortController();

test('a token is asked for once in a while, and at once when it was not accepted', async () => {
  let now = 0;
  let asked = 0;
  const dropped: string[] = [];
  const tokens = heldToken(
    { get: () => Promise.resolve(`token ${(asked += 1)}`), drop: (value) => dropped.push(value) },
    () => now,
  );
  expect([await tokens.get(signal), await tokens.get(signal)]).toEqual(['token 1', 'token 1']);
  now = 31_000;
  expect(await tokens.get(signal)).toBe('token 2');
  tokens.drop('token 1');
  expect(await tokens.get(signal)).toBe('token 2');
  tokens.drop('token 2');
  expect(await tokens.get(signal)).toBe('token 3');
  expect(dropped).toEqual(['token 1', 'token 2']);
});
