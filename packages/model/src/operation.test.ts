import { expect, test } from 'vitest';
import { isTerminal, operationStates } from './operation.ts';

test('an operation is over when it succeeded, failed, was canceled or timed out, and in no other state', () => {
  expect(operationStates.filter(isTerminal)).toEqual(['Succeeded', 'Failed', 'Canceled', 'TimedOut']);
});
