/** Order among extensions that ask for it (handler contract §6). */
import type { GoalExtension } from '@sallyport/model/wire';
import { expect, test } from 'vitest';
import { inOrder, waitSentence, type Course } from './dependency-levels.ts';
import { entry, name } from './plan.fixture.ts';
import type { Work } from './plan.ts';

const at = (resourceName: string, dependencyLevel?: number, change: Partial<GoalExtension> = {}): GoalExtension =>
  entry({ resourceName, ...(dependencyLevel === undefined ? {} : { dependencyLevel }), ...change });
const work = (of: GoalExtension): Work => ({ kind: 'perform', entry: of, name, operation: 'install', steps: [] });
const unsigned = (of: GoalExtension): Work => ({ kind: 'unsigned', entry: of, message: 'It is not signed.' });
const refusal = (of: GoalExtension): Work => ({
  kind: 'refuse',
  entry: of,
  code: 'ExtensionNotAllowed',
  message: 'no',
});
const told = (works: readonly Work[]): readonly string[] =>
  works.map((one) => {
    if (!('entry' in one)) return one.kind;
    const other = one.kind === 'wait' ? ` for ${one.isUnsigned ? 'unsigned ' : ''}${one.for.resourceName}` : '';
    return `${one.kind} ${one.entry.resourceName}${other}`;
  });

/** Nothing is known of any operation but what is said here. */
function course(change: Partial<Record<'open' | 'failed' | 'begun', readonly GoalExtension[]>> = {}): Course {
  const isIn = (which: keyof typeof change) => (one: GoalExtension) => change[which]?.includes(one) ?? false;
  return { isOpen: isIn('open'), hasFailed: isIn('failed'), isBegun: isIn('begun') };
}

const [first, second, third, free] = [at('first', 0), at('second', 1), at('third', 2), at('free')];
const all = [third, second, first, free];

test('lower levels come first; whoever has none waits for nobody', () => {
  expect(told(inOrder(all.map(work), all, course()))).toEqual([
    'wait third for second',
    'wait second for first',
    'perform first',
    'perform free',
  ]);
  expect(told(inOrder([third, second].map(work), all, course()))).toEqual(['wait third for second', 'perform second']);
  expect(told(inOrder([work(third)], all, course()))).toEqual(['perform third']);
});

test('one whose operation is open has not come, also while nothing is to be done for it: its upgrade is on the way back', () => {
  expect(told(inOrder([work(second)], all, course({ open: [first] })))).toEqual(['wait second for first']);
});

test('those of one level do not wait for each other', () => {
  const same = [at('a', 1), at('b', 1)];
  expect(told(inOrder(same.map(work), same, course()))).toEqual(['perform a', 'perform b']);
});

test('one that failed, or is refused, holds up those above it: they are told at once, and nothing is done for them', () => {
  const failed = inOrder([work(third), work(second), work(free)], all, course({ failed: [first] }));
  expect(told(failed)).toEqual(['refuse third', 'refuse second', 'perform free']);
  expect(failed[0]).toMatchObject({
    code: 'DependencyFailed',
    message: "Skipping processing of 'third' since execution of dependent extension 'first' failed: nothing was done.",
  });
  expect(told(inOrder([work(second), refusal(first)], all, course()))).toEqual(['refuse second', 'refuse first']);
  // What is only to be kept up is left as it is.
  const kept = at('kept', 3, { operationDone: true });
  expect(told(inOrder([work(kept)], [first, kept], course({ failed: [first] })))).toEqual(['wait kept for first']);
});

test('where the centre says who depends on whom, a failure and a wait touch nobody else', () => {
  const [a, b] = [at('a', 0), at('b', 1, { dependsOn: ['A'] })];
  const [c, d] = [at('c', 0), at('d', 1, { dependsOn: ['c'] })];
  const both = [a, b, c, d];
  expect(told(inOrder([work(b), work(c), work(d)], both, course({ failed: [a] })))).toEqual([
    'refuse b',
    'perform c',
    'wait d for c',
  ]);
});

test('one that is to come after another that is not even wanted any more is told so; one that is only kept up is kept up', () => {
  const after = at('after', 0, { dependsOn: ['gone'] });
  expect(inOrder([work(after)], [after], course())[0]).toMatchObject({
    code: 'DependencyFailed',
    message: expect.stringMatching(/'gone'/) as string,
  });
  const leaving = at('gone', 0, { desired: 'absent' });
  const later = at('later', 1, { dependsOn: ['gone'] });
  expect(told(inOrder([work(leaving), work(later)], [leaving, later], course()))).toEqual([
    'perform gone',
    'refuse later',
  ]);
  const kept = at('after', 0, { dependsOn: ['gone'], operationDone: true });
  expect(told(inOrder([work(kept)], [kept], course()))).toEqual(['perform after']);
});

test('what was begun goes on, whatever became of those before it', () => {
  const known = course({ begun: [second], failed: [first] });
  expect(told(inOrder([work(second), work(first)], all, known))).toEqual(['perform second', 'perform first']);
});

test('a circle from a centre that lies holds up nobody', () => {
  const circle = [at('a', 1, { dependsOn: ['b'] }), at('b', 1, { dependsOn: ['a'] }), at('c', 1, { dependsOn: ['c'] })];
  expect(told(inOrder(circle.map(work), circle, course()))).toEqual(['perform a', 'perform b', 'perform c']);
});

test('removals go the other way, before and apart from what comes', () => {
  const gone = all.map((one): GoalExtension => ({ ...one, desired: 'absent', version: '' }));
  expect(told(inOrder(gone.map(work), gone, course()))).toEqual([
    'perform third',
    'wait second for third',
    'wait first for third',
    'perform free',
  ]);
  const mixed = [at('goes', 0, { desired: 'absent' }), second];
  expect(told(inOrder(mixed.map(work), mixed, course()))).toEqual(['perform goes', 'perform second']);
});

test('a refusal is never held up', () => {
  const works = [work(first), refusal(second)];
  expect(told(inOrder(works, [first, second], course()))).toEqual(['perform first', 'refuse second']);
});

test('a removal waits for those above it only while they are being removed', () => {
  const [low, high] = [at('low', 0, { desired: 'absent' }), at('high', 1, { desired: 'absent' })];
  expect(told(inOrder([work(low)], [low, high], course()))).toEqual(['perform low']);
  expect(told(inOrder([work(low), refusal(high)], [low, high], course()))).toEqual(['perform low', 'refuse high']);
});

test('T10 one that comes after one that is not signed waits for signatures as well, however far off that is', () => {
  const chain = [at('a', 0), at('b', 1, { dependsOn: ['a'] }), at('c', 2, { dependsOn: ['b'] }), at('d', 3)] as const;
  const [a, b, c, d] = chain;
  expect(told(inOrder([unsigned(a), work(b), work(c), work(d)], chain, course({ open: chain })))).toEqual([
    'unsigned a',
    'wait b for unsigned a',
    'wait c for unsigned b',
    'wait d for unsigned a',
  ]);
  // One that is not signed says that, and not for whom it would wait.
  expect(told(inOrder([unsigned(a), unsigned(b)], [a, b], course({ open: chain })))).toEqual([
    'unsigned a',
    'unsigned b',
  ]);
  // Once it is signed, and when one of several is.
  expect(told(inOrder([work(a), work(b)], [a, b], course({ open: chain })))).toEqual(['perform a', 'wait b for a']);
  expect(told(inOrder([work(a), unsigned(b), work(d)], [a, b, d], course({ open: chain })))).toEqual([
    'perform a',
    'unsigned b',
    'wait d for unsigned b',
  ]);
  // What was begun goes on, and whoever waits for it does so no longer than for anything else.
  const begun = course({ open: chain, begun: [b] });
  expect(told(inOrder([unsigned(a), work(b), work(c)], [a, b, c], begun))).toEqual([
    'unsigned a',
    'perform b',
    'wait c for b',
  ]);
});

test('T10 one that is not signed is told at once, too, that who comes before it failed: nobody has to sign it any more', () => {
  expect(told(inOrder([unsigned(second)], all, course({ failed: [first] })))).toEqual(['refuse second']);
  expect(told(inOrder([unsigned(second), refusal(first)], all, course()))).toEqual(['refuse second', 'refuse first']);
});

test('T10 nobody is removed before one that depends on it and whose removal is not signed yet', () => {
  const [low, high] = [at('low', 0, { desired: 'absent' }), at('high', 1, { desired: 'absent' })];
  expect(told(inOrder([work(low), unsigned(high)], [low, high], course()))).toEqual([
    'wait low for unsigned high',
    'unsigned high',
  ]);
});

test('T10 many levels of many, as a control plane in foreign hands may send them, are put in order in a moment', () => {
  const many = Array.from({ length: 400 }, (_one, i) => at(`e${i}`, i));
  expect(inOrder(many.map(work), many, course()).filter(({ kind }) => kind === 'wait')).toHaveLength(399);
});

test('who waits is told for whom', () => {
  const wait = { kind: 'wait', entry: second, for: first, isUnsigned: false } as const;
  expect(waitSentence(wait)).toBe("Waits for 'first', which has to come first");
  expect(waitSentence({ ...wait, isUnsigned: true })).toBe(
    "Waits for 'first', which has to come first and waits for signatures.",
  );
  const gone = { ...second, desired: 'absent' } as const;
  expect(waitSentence({ ...wait, entry: gone, for: third })).toContain("until 'third' is removed");
});
