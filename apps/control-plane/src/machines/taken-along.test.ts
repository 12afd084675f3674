/** Who shares a handler goes along with a request of another, and back with it (handler contract §5). */
import { expect, test } from 'vitest';
import type { ExtensionGoal } from './extension-goal.ts';
import { ownGoal, takenAlong } from './taken-along.ts';

const own: ExtensionGoal = {
  desired: 'present',
  extensionName: 'one',
  version: '1.0.0',
  sha256: 'a',
  operationId: 'its own',
  sequence: 3,
  settings: { say: 'one' },
  protectedSettings: { kind: 'sealed', jwe: 'sealed' },
};
const row = { goal: JSON.stringify(own), lapse_goal: null };
const other = { version: '2.0.0', sha256: 'b' };

test('it is taken along once, also to a third version, and what it wanted itself is kept', () => {
  const along = takenAlong(row, other);
  expect(JSON.parse(along?.goal ?? '')).toEqual({ ...own, ...other });
  const further = takenAlong(along ?? row, { version: '3.0.0', sha256: 'c' });
  expect(JSON.parse(further?.goal ?? '')).toMatchObject({ version: '3.0.0' });
  expect(ownGoal(further ?? row)).toEqual(own);
  expect(takenAlong(along ?? row, other)).toBeUndefined();
  expect(takenAlong({ ...row, goal: JSON.stringify({ ...own, desired: 'absent' }) }, other)).toBeUndefined();
});

test('S1.7 settings that were delivered meanwhile do not come back with the version', () => {
  const along = takenAlong(row, other);
  const delivered = { ...own, ...other, protectedSettings: { kind: 'delivered' } };
  expect(ownGoal({ goal: JSON.stringify(delivered), lapse_goal: along?.lapse_goal ?? null })).toEqual({
    ...own,
    protectedSettings: { kind: 'delivered' },
  });
});

test('what its own request would go back to is no other version to go back to', () => {
  const before = { ...own, operationId: 'the one before', version: '0.9.0' };
  expect(ownGoal({ goal: row.goal, lapse_goal: JSON.stringify(before) })).toEqual(own);
});
