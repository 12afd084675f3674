/** Dependency levels from `provisionAfterExtensions` (handler contract §6). */
import { expect, test } from 'vitest';
import { levelsOf, problemOf, type Ordered } from './provision-order.ts';

const at = (name: string, ...after: readonly string[]): Ordered => ({ name, after });

test('a level is one more than the highest before it; who takes part in no order has none', () => {
  const all = [at('alone'), at('Third', 'SECOND', 'first'), at('second', 'First'), at('first'), at('other', 'first')];
  expect(Object.fromEntries(levelsOf(all))).toEqual({ first: 0, second: 1, third: 2, other: 1 });
  expect(problemOf(all)).toBeUndefined();
});

test('who is gone counts for nothing in the levels, and is named when somebody asks for that order', () => {
  const all = [at('second', 'gone'), at('third', 'second')];
  expect(Object.fromEntries(levelsOf(all))).toEqual({ second: 0, third: 1 });
  expect(problemOf(all)).toEqual({ kind: 'missing', name: 'second', after: 'gone' });
});

test('a circle is named, of however many, and levels end all the same', () => {
  expect(problemOf([at('self', 'SELF')])).toEqual({ kind: 'circle', names: ['self'] });
  const round = [at('start', 'a'), at('a', 'b'), at('b', 'c'), at('c', 'a')];
  expect(problemOf(round)).toEqual({ kind: 'circle', names: ['a', 'b', 'c'] });
  expect([...levelsOf(round).keys()].sort()).toEqual(['a', 'b', 'c', 'start']);
});

test('hundreds in a row are ordered without delay', () => {
  const row = Array.from({ length: 400 }, (_, i) => at(`e${i}`, ...Array.from({ length: i }, (_one, j) => `e${j}`)));
  expect(levelsOf(row.toReversed()).get('e399')).toBe(399);
  expect(problemOf(row.toReversed())).toBeUndefined();
});
