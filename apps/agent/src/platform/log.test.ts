import { expect, test } from 'vitest';
import { logLine } from './log.ts';

test('T65 whatever is logged stays one line that parses back to itself', () => {
  const nasty = 'a\nb\r{"level":"error"}\u001b[31m\u2028\u0085\u007f\u202e"';
  const line = logLine(0, 'info', nasty, { field: nasty, number: 1 });
  expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202e]/);
  expect(JSON.parse(line)).toEqual({
    time: '1970-01-01T00:00:00.000Z',
    level: 'info',
    message: nasty,
    field: nasty,
    number: 1,
  });
});
