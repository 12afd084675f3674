/**
 * Before every test file: no text equals a regular expression. `toMatchObject` compares what an expected object has of its own, and a
 * regular expression has nothing, so `{ message: /never/ }` matched whatever the message was. Such a test fails; it is to say
 * `expect.stringMatching`.
 */
import { expect } from 'vitest';

expect.addEqualityTesters([
  (actual: unknown, expected: unknown) =>
    expected instanceof RegExp && !(actual instanceof RegExp) ? false : undefined,
]);
