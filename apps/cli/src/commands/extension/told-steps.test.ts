import { expect, test } from 'vitest';
import { ToldSteps, type ViewStatus } from './told-steps.ts';

const state = (displayStatus: string, time: string): ViewStatus => ({
  code: `OperationState/${displayStatus}`,
  displayStatus,
  time,
});
const step = (displayStatus: string, time: string): ViewStatus => ({
  code: `Sallyport/Step/${displayStatus}`,
  displayStatus,
  time,
});

test('each state and step is told once, a step that vanishes hides nothing, and what is no step is not told', () => {
  const told = new ToldSteps();
  const words = (...statuses: readonly ViewStatus[]): readonly string[] =>
    told.news(statuses).map((each) => each.state);
  expect(words(state('Accepted', '1'))).toEqual(['Accepted']);
  expect(words(state('Accepted', '1'), state('Downloading', '2'), step('downloading', '3'))).toEqual(['Downloading']);
  const verifying = [state('Accepted', '1'), state('Downloading', '2'), state('Verifying', '3')];
  expect(words(...verifying, step('downloading', '4'))).toEqual(['Verifying']);
  expect(words(...verifying, step('installing', '4'))).toEqual(['Installing']);
  expect(words(...verifying, step('installing', '5'))).toEqual([]);
  const stranded = { code: 'Sallyport/Stranded', displayStatus: 'Stranded', time: '7' };
  const end = [state('Accepted', '1'), state('Downloading', '2'), state('Succeeded', '6'), stranded];
  expect(words(...end)).toEqual(['Succeeded']);
  expect(words(...end)).toEqual([]);
});

test('a step that goes on beside the states it belongs to is not told after them', () => {
  const gone = [state('Accepted', '1'), state('Downloading', '2'), state('Verifying', '3')];
  const told = new ToldSteps();
  expect(told.news(gone).map((each) => each.state)).toEqual(['Accepted', 'Downloading', 'Verifying']);
  expect(told.news([...gone, step('downloading', '4')])).toEqual([]);
});
