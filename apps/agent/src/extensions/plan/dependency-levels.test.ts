/** Order among extensions that ask for it (handler contract §6). */
import type { GoalExtension } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { inOrder } from './dependency-levels.ts';
import { entry, name } from './plan.fixture.ts';
import type { Work } from './plan.ts';

const at = (resourceName: string, dependencyLevel?: number, change: Partial<GoalExtension> = {}): GoalExtension =>
  entry({ resourceName, ...(dependencyLevel === undefined ? {} : { dependencyLevel }), ...change });
const work = (of: GoalExtension): Work => ({ kind: 'perform', entry: of, name, operation: 'install', steps: [] });
const told = (works: readonly Work[]): readonly string[] =>
  works.map((one) => (one.kind === 'upkeep' ? 'upkeep' : `${one.kind} ${one.entry.resourceName}`));
const nobody = (): boolean => false;

const [first, second, third, free] = [at('first', 0), at('second', 1), at('third', 2), at('free')];
const all = [third, second, first, free];

test('lower levels come first; whoever has none waits for nobody', () => {
  expect(told(inOrder(all.map(work), all, nobody))).toEqual(['perform first', 'perform free']);
  expect(told(inOrder([third, second].map(work), all, nobody))).toEqual(['perform second']);
  expect(told(inOrder([work(third)], all, nobody))).toEqual(['perform third']);
});

test('those of one level do not wait for each other', () => {
  const same = [at('a', 1), at('b', 1)];
  expect(told(inOrder(same.map(work), same, nobody))).toEqual(['perform a', 'perform b']);
});

test('one that failed, or is refused, holds up those above it: they are told at once, and nothing is done for them', () => {
  const failed = inOrder([work(third), work(second), work(free)], all, (one) => one === first);
  expect(told(failed)).toEqual(['refuse third', 'refuse second', 'perform free']);
  expect(failed[0]).toMatchObject({ message: expect.stringContaining("dependent extension 'first' failed") });
  const refusal: Work = { kind: 'refuse', entry: first, code: 'ExtensionNotAllowed', message: 'no' };
  expect(told(inOrder([work(second), refusal], all, nobody))).toEqual(['refuse second', 'refuse first']);
  // What is only to be kept up is left as it is.
  const kept = at('kept', 3, { operationDone: true });
  expect(inOrder([work(kept)], [first, kept], (one) => one === first)).toEqual([]);
});

test('removals go the other way, before and apart from what comes', () => {
  const gone = all.map((one): GoalExtension => ({ ...one, desired: 'absent', version: '' }));
  expect(told(inOrder(gone.map(work), gone, nobody))).toEqual(['perform third', 'perform free']);
  const mixed = [at('goes', 0, { desired: 'absent' }), second];
  expect(told(inOrder(mixed.map(work), mixed, nobody))).toEqual(['perform goes', 'perform second']);
});

test('a refusal is never held up', () => {
  const refusal: Work = { kind: 'refuse', entry: second, code: 'ExtensionNotAllowed', message: 'no' };
  expect(told(inOrder([work(first), refusal], [first, second], nobody))).toEqual(['perform first', 'refuse second']);
});

test('a removal waits for those above it only while they are being removed', () => {
  const [low, high] = [at('low', 0, { desired: 'absent' }), at('high', 1, { desired: 'absent' })];
  expect(told(inOrder([work(low)], [low, high], nobody))).toEqual(['perform low']);
  const refusal: Work = { kind: 'refuse', entry: high, code: 'ExtensionNotAllowed', message: 'no' };
  expect(told(inOrder([work(low), refusal], [low, high], nobody))).toEqual(['perform low', 'refuse high']);
});
