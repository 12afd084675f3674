/** `$filter` of role assignments: functions of their own beside comparisons (arm-api §9). */
import { ArmError } from '../../arm/arm-error.ts';
import { covers } from '../../rbac/scope.ts';
import type { Assignment } from './role-assignment-view.ts';

const term =
  /^\s*(?:(atScope)\(\)|(assignedTo)\(\s*'([^']*)'\s*\)|(principalId)\s+eq\s+'?([^'\s]*)'?|(roleDefinitionId)\s+eq\s+'([^']*)')\s*(?:and\s+|$)/i;

/**
 * Which assignments a list at `scope` holds: those above, at and below it. `atScope()` leaves out what is below, `assignedTo`
 * and `principalId eq` what is others'. Throws {@link ArmError} `InvalidFilter` at the first thing it cannot read.
 */
export function assignmentFilter(filter: string | undefined, scope: string): (row: Assignment) => boolean {
  const tests: ((row: Assignment) => boolean)[] = [];
  let below = true;
  let rest = (filter ?? '').trim();
  while (rest !== '') {
    const match = term.exec(rest);
    if (match === null)
      throw new ArmError(
        'InvalidFilter',
        `The $filter cannot be read at '${rest.slice(0, 60)}'. There are atScope(), assignedTo('…'), principalId eq '…' and roleDefinitionId eq '…', joined by and.`,
      );
    const [whole, atScope, , assignedTo, , principal, , role] = match;
    if (atScope !== undefined) below = false;
    const wanted = (assignedTo ?? principal)?.toLowerCase();
    if (wanted !== undefined) tests.push(({ principal_id }) => principal_id === wanted);
    if (role !== undefined) tests.push(({ role_id }) => role.toLowerCase().endsWith(`/${role_id}`));
    rest = rest.slice(whole.length).trim();
  }
  return (row) =>
    (covers(row.scope_key, scope) || (below && covers(scope, row.scope_key))) && tests.every((test) => test(row));
}
