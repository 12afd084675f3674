import { expect, test } from 'vitest';
import { keyAge } from './key-age.ts';

const day = 24 * 60 * 60 * 1000;
const since = Date.UTC(2026, 0, 1);
const at = (days: number, vmId = '00000000-0000'): ReturnType<typeof keyAge> => keyAge(since, vmId, since + days * day);

test('a key is renewed from day 45 on and is good for 90 days', () => {
  expect(at(0)).toEqual({ expired: false, renew: false, expiresAt: since + 90 * day });
  expect(at(44.9).renew).toBe(false);
  expect(at(45)).toMatchObject({ renew: true, expired: false });
  expect(at(89.9)).toMatchObject({ renew: true, expired: false });
  expect(at(90)).toMatchObject({ renew: true, expired: true });
});

test('machines that were connected together are asked within a day, each at a time of its own', () => {
  expect(at(45.4, '80000000-0000').renew).toBe(false);
  expect(at(45.6, '80000000-0000').renew).toBe(true);
  expect(at(46, 'ffffffff-0000').renew).toBe(true);
});

test('T72 a clock that was wrong leaves nothing behind: what it expired is good again, what it stored is renewed', () => {
  expect(at(400).expired).toBe(true);
  expect(at(1).expired).toBe(false);
  expect(at(-2)).toMatchObject({ renew: true, expired: false });
  expect(at(-0.5)).toMatchObject({ renew: false, expired: false });
});

test('a key without an age is renewed at once, and is good until it is', () => {
  expect(keyAge(0, '', since)).toMatchObject({ renew: true, expired: false });
});
