import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ArmRequest } from './arm-request.ts';
import { page, pageRequest } from './paging.ts';

const request = (query: Readonly<Record<string, string>>): ArmRequest =>
  ({ path: '/things', query: new Map(Object.entries(query)) }) as unknown as ArmRequest;

/** Follows nextLinks over a sorted list, as a client does. */
function all(items: readonly string[], size: number): readonly string[] {
  const found: string[] = [];
  let query: Readonly<Record<string, string>> = { 'api-version': '1', $filter: "a eq 'b&c'" };
  for (let turns = 0; turns < 1000; turns += 1) {
    const asked = request(query);
    const wanted = pageRequest(asked, size);
    const rows = items.filter((item) => item > (wanted.after ?? '')).slice(0, wanted.size + 1);
    const body = page(
      'https://host',
      asked,
      wanted,
      rows,
      (row) => row,
      (row) => row,
    );
    expect(body.value.length).toBeLessThanOrEqual(size);
    found.push(...(body.value as string[]));
    if (body.nextLink === undefined) return found;
    const next = new URL(body.nextLink);
    expect(next.origin + next.pathname).toBe('https://host/things');
    expect(next.searchParams.get('$filter')).toBe("a eq 'b&c'");
    query = Object.fromEntries(next.searchParams);
  }
  throw new Error('The pages never end.');
}

describe('paging', () => {
  test('all pages together are the list, for any list and size', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string({ minLength: 1, maxLength: 20 })),
        fc.integer({ min: 1, max: 7 }),
        (items, size) => {
          const sorted = items.filter((item) => item.isWellFormed()).sort((a, b) => (a < b ? -1 : 1));
          expect(all(sorted, size)).toEqual(sorted);
        },
      ),
    );
  });

  test('$top is obeyed up to a bound, nonsense is refused', () => {
    expect(pageRequest(request({ $top: '5' }), 100).size).toBe(5);
    expect(pageRequest(request({ $top: '999999' }), 100).size).toBe(1000);
    for (const $top of ['0', '-1', 'x', '1e3']) expect(() => pageRequest(request({ $top }), 100)).toThrow('$top');
    expect(() => pageRequest(request({ $skiptoken: '../x' }), 100)).toThrow('$skiptoken');
  });
});
