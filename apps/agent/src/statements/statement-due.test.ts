import { expect, test } from 'vitest';
import { isStatementDue, type LastStatement } from './statement-due.ts';

const minute = 60_000;
const day = 24 * 60 * minute;
const brought: LastStatement = { controls: 'a', at: 1000, brought: true };
const failed: LastStatement = { ...brought, brought: false };

test.each([
  ['at the start', undefined, 'a', 0, true],
  ['the same controls, a day less a moment', brought, 'a', day - 1, false],
  ['the same controls, a day later', brought, 'a', day, true],
  ['other controls at once', brought, 'b', 0, true],
  ['failed a moment ago, and other controls since', failed, 'b', minute, false],
  ['failed ten minutes ago', failed, 'a', 10 * minute, true],
] as const)('T16 a statement is due: %s', (_, last, controls, since, due) => {
  expect(isStatementDue(last, controls, 1000 + since)).toBe(due);
});
