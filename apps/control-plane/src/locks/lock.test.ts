import { expect, test } from 'vitest';
import { lockedScopes, type Lock, type LockedMethod } from './lock.ts';

const group = '/subscriptions/s/resourceGroups/g';
const machine = `${group}/providers/Microsoft.HybridCompute/machines/m`;
const extension = `${machine}/extensions/e`;
const other = `${group}/providers/Microsoft.HybridCompute/machines/m2`;
const keep: Lock = { scope: machine, level: 'CanNotDelete' };
const freeze: Lock = { scope: machine, level: 'ReadOnly' };

test.each<[Lock, LockedMethod, string, boolean]>([
  [keep, 'DELETE', machine, true],
  [keep, 'DELETE', machine.toUpperCase(), true],
  [keep, 'DELETE', extension, true],
  [keep, 'DELETE', group, true],
  [keep, 'DELETE', '/subscriptions/s', true],
  [keep, 'DELETE', other, false],
  [keep, 'PUT', machine, false],
  [keep, 'POST', extension, false],
  [freeze, 'PUT', machine, true],
  [freeze, 'PATCH', extension, true],
  [freeze, 'POST', machine, true],
  [freeze, 'DELETE', extension, true],
  [freeze, 'DELETE', group, true],
  [freeze, 'PUT', group, false],
  [freeze, 'PATCH', other, false],
])('%j: %s of %s', (lock, method, resourceId, isLocked) => {
  expect(lockedScopes(method, resourceId, [lock])).toEqual(isLocked ? [machine] : []);
});

test('each scope is named once', () => {
  expect(lockedScopes('DELETE', machine, [keep, freeze, keep])).toEqual([machine]);
});
