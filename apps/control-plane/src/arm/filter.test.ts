import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ArmError } from './arm-error.ts';
import { parseFilter } from './filter.ts';

describe('$filter', () => {
  test('comparisons joined by and, quoted or not, in any case', () => {
    expect(parseFilter(undefined)).toEqual([]);
    expect(parseFilter('  ')).toEqual([]);
    expect(
      parseFilter("eventTimestamp ge '2026-01-01T00:00:00Z' AND eventTimestamp LE 2026-02-01T00:00:00.123456"),
    ).toEqual([
      { field: 'eventtimestamp', operator: 'ge', value: '2026-01-01T00:00:00Z' },
      { field: 'eventtimestamp', operator: 'le', value: '2026-02-01T00:00:00.123456' },
    ]);
    expect(parseFilter("tagname eq 'a and b' and tagvalue eq 'it''s'")).toEqual([
      { field: 'tagname', operator: 'eq', value: 'a and b' },
      { field: 'tagvalue', operator: 'eq', value: "it's" },
    ]);
  });

  test.each([
    'name',
    'name eq',
    "name eq 'x' or name eq 'y'",
    "name eq 'x' and",
    "name eq 'x",
    "(name eq 'x')",
    "startswith(name,'x')",
    "name eq 'x' 'y'",
    'a'.repeat(5000),
  ])('refused, never ignored: %s', (text) => {
    expect(() => parseFilter(text)).toThrow(ArmError);
  });

  test('any value survives quoting, and no text breaks the parser in another way than its error', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        fc.pre(value.length < 1000);
        expect(parseFilter(`name eq '${value.replaceAll("'", "''")}'`)).toEqual([
          { field: 'name', operator: 'eq', value },
        ]);
      }),
    );
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(failureOf(text)).toSatisfy((error) => error === undefined || error instanceof ArmError);
      }),
    );
  });
});

function failureOf(text: string): unknown {
  try {
    parseFilter(text);
    return undefined;
  } catch (error) {
    return error;
  }
}
