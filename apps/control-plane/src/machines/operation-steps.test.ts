import { expect, test } from 'vitest';
import { mostSteps, withPassed, withStep, type OperationStep } from './operation-steps.ts';

const step = (state: OperationStep['state'], second: number): OperationStep => ({
  state,
  time: new Date(second * 1000).toISOString(),
});

test('states that a machine went through are kept in order and once; ends and what the centre says are not taken from it', () => {
  const before = [step('Accepted', 0), step('Delivered', 1)];
  const passed = [
    step('Downloading', 2),
    step('Accepted', 3),
    step('Delivered', 3),
    step('Succeeded', 3),
    step('Failed', 3),
    step('Canceled', 3),
    step('TimedOut', 3),
    step('Verifying', 4),
  ];
  const after = [...before, step('Downloading', 2), step('Verifying', 4)];
  expect(withPassed(before, passed)).toEqual(after);
  expect(withPassed(after, passed)).toEqual(after);
  expect(withPassed(before, undefined)).toEqual(before);
});

test('T19 they are bounded, whatever a machine says', () => {
  const passed = Array.from({ length: 1000 }, (_, i) => step('Downloading', i));
  const kept = withPassed([step('Accepted', 0)], passed);
  expect(kept).toHaveLength(mostSteps);
  expect(kept[0]).toEqual(step('Accepted', 0));
  expect(withStep(kept, 'Succeeded', step('Succeeded', 2000).time)?.at(-1)).toEqual(step('Succeeded', 2000));
});
