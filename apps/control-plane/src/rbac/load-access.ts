import type { Caller } from '../identity/caller.ts';
import type { Reader } from '../store/store.ts';
import { accessOf, type Access } from './access.ts';
import { allRoles } from './roles.ts';

/** The access of a caller now: read for every request, so that taking a role away takes effect at once. */
export async function loadAccess(reader: Reader, caller: Caller): Promise<Access> {
  // Side by side, as neither asks about the other: where the database is a process of its own each question is a wait.
  const [assignments, roles] = await Promise.all([
    reader
      .selectFrom('role_assignments')
      .select(['role_id', 'scope'])
      .where('principal_id', '=', caller.objectId)
      .execute(),
    allRoles(reader),
  ]);
  const byId = new Map(roles.map((role) => [role.id, role]));
  const grants = assignments.flatMap(({ role_id, scope }) => {
    const role = byId.get(role_id);
    // A role that is gone gives nothing.
    return role === undefined ? [] : [{ role, scope }];
  });
  return accessOf(grants, caller);
}
