import { describe, expect, test } from 'vitest';
import { gatherLookups, gatherRows } from './gather-lookups.ts';

interface Row {
  readonly key: string;
  readonly value: number;
}

describe('lookups that are gathered', () => {
  const rows = new Map<string, Row>();
  const asked: (readonly string[])[] = [];
  const lookUp = gatherLookups<Row>(
    (keys) => {
      asked.push(keys);
      return Promise.resolve([...new Set(keys)].flatMap((key) => rows.get(key) ?? []));
    },
    ({ key }) => key,
  );

  test('those that come together are one query, each gets its own row, and who is not there gets none', async () => {
    for (const key of ['a', 'b', 'c']) rows.set(key, { key, value: key.charCodeAt(0) });
    const found = await Promise.all(['a', 'b', 'nobody', 'b', 'c'].map(lookUp));
    expect(found.map((row) => row?.value)).toEqual([97, 98, undefined, 98, 99]);
    expect(asked).toEqual([['a', 'b', 'nobody', 'c']]);
    expect(await Promise.all(['a', 'b', 'c'].map(lookUp))).toHaveLength(3);
    expect(asked.at(-1)).toEqual(['a', 'b', 'c']);
  });

  test('what changed before it was asked for is seen, and a query that fails is told to all who wait for it and to nobody after', async () => {
    await lookUp('a');
    rows.set('a', { key: 'a', value: 1 });
    expect((await lookUp('a'))?.value).toBe(1);
    let broken = true;
    const failing = gatherLookups<Row>(
      () => (broken ? Promise.reject(new Error('away')) : Promise.resolve([{ key: 'a', value: 2 }])),
      ({ key }) => key,
    );
    const both = await Promise.allSettled([failing('a'), failing('b')]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    broken = false;
    expect((await failing('a'))?.value).toBe(2);
  });

  test('thousands are a few queries', async () => {
    asked.length = 0;
    await Promise.all(Array.from({ length: 1000 }, (_, index) => lookUp(`k${index}`)));
    expect(asked.map(({ length }) => length)).toEqual([256, 256, 256, 232]);
  });

  test('several rows of a key stay together, in the order they were read', async () => {
    const all: readonly Row[] = [
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
      { key: 'a', value: 3 },
    ];
    const rowsOf = gatherRows<Row>(
      () => Promise.resolve(all),
      ({ key }) => key,
    );
    const [a, b, nobody] = await Promise.all(['a', 'b', 'nobody'].map(rowsOf));
    expect([a?.map(({ value }) => value), b?.length, nobody]).toEqual([[1, 3], 1, []]);
  });
});
