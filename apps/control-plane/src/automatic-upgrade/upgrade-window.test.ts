import { describe, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { daysOfWeek, isOpen, isTimeZone, opensAt, type UpgradeWindow } from './upgrade-window.ts';

const saturdayNight: UpgradeWindow = { days: ['Saturday'], start: '23:00', minutes: 180 };
const at = (text: string): number => Date.parse(text);

describe('isOpen', () => {
  test.each([
    ['2026-11-28T22:59:59Z', false],
    ['2026-11-28T23:00:00Z', true],
    ['2026-11-29T01:59:59Z', true],
    ['2026-11-29T02:00:00Z', false],
    ['2026-11-29T23:30:00Z', false],
  ])('from Saturday 23:00 for three hours, at %s: %s', (now, open) => {
    expect(isOpen([saturdayNight], 'UTC', at(now))).toBe(open);
  });

  test('the clock is the one on the wall, in summer and in winter', () => {
    const noon: UpgradeWindow = { days: [...daysOfWeek], start: '12:00', minutes: 30 };
    expect(isOpen([noon], 'Europe/Berlin', at('2026-07-01T10:00:00Z'))).toBe(true);
    expect(isOpen([noon], 'Europe/Berlin', at('2026-12-01T10:00:00Z'))).toBe(false);
    expect(isOpen([noon], 'Europe/Berlin', at('2026-12-01T11:00:00Z'))).toBe(true);
  });

  test('no windows at all means always', () => {
    expect(isOpen([], 'UTC', 0)).toBe(true);
  });
});

describe('opensAt', () => {
  test('the beginning of the next window, to the minute', () => {
    expect(opensAt([saturdayNight], 'UTC', at('2026-11-27T18:07:31Z'))).toBe(at('2026-11-28T23:00:00Z'));
    expect(opensAt([{ ...saturdayNight, start: '23:07' }], 'UTC', at('2026-11-27T18:07:31Z'))).toBe(
      at('2026-11-28T23:07:00Z'),
    );
  });

  test('now, when one is open', () => {
    expect(opensAt([saturdayNight], 'UTC', at('2026-11-29T01:00:01Z'))).toBe(at('2026-11-29T01:00:01Z'));
  });

  test('every window opens within eight days, and is open then', () => {
    const window = fc.record({
      days: fc.uniqueArray(fc.constantFrom(...daysOfWeek), { minLength: 1 }),
      start: fc
        .tuple(fc.nat(23), fc.nat(59))
        .map(([hours, minutes]) => `${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`),
      minutes: fc.integer({ min: 30, max: 1440 }),
    });
    fc.assert(
      fc.property(window, fc.integer({ min: at('2026-01-01T00:00Z'), max: at('2027-01-01T00:00Z') }), (one, now) => {
        const opens = opensAt([one], 'UTC', now);
        expect(opens).toBeGreaterThanOrEqual(now);
        expect(isOpen([one], 'UTC', opens ?? 0)).toBe(true);
        if (opens !== now) expect(isOpen([one], 'UTC', (opens ?? 0) - 60_000)).toBe(false);
      }),
      { numRuns: 200 },
    );
  });
});

test.each([
  ['UTC', true],
  ['Europe/Berlin', true],
  ['Middle/Earth', false],
  ['', false],
])('%j is a time zone: %s', (name, known) => {
  expect(isTimeZone(name)).toBe(known);
});
