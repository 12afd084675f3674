import { expect, test } from 'vitest';
import { rememberedFacts, systemFacts } from './system-facts.ts';

test('the facts are looked up anew every ten minutes, and not in between', () => {
  let now = 0;
  const facts = rememberedFacts(() => now);
  const first = facts();
  expect(first).toEqual(systemFacts());
  now = 10 * 60 * 1000 - 1;
  expect(facts()).toBe(first);
  now += 1;
  expect(facts()).not.toBe(first);
});
