/** Role assignments go with what they are about. */
import type { Writer } from '../store/store.ts';
import { scopeKey } from './scope.ts';

/** Removes the assignments at a scope and below it. */
export async function removeAssignmentsAt(writer: Writer, scope: string): Promise<void> {
  const key = scopeKey(scope);
  // '0' is the character after '/': everything that begins with `key/`.
  await writer
    .deleteFrom('role_assignments')
    .where((row) =>
      row.or([
        row('scope_key', '=', key),
        row.and([row('scope_key', '>', `${key}/`), row('scope_key', '<', `${key}0`)]),
      ]),
    )
    .execute();
}

/** Removes the assignments of a principal. */
export async function removeAssignmentsOf(writer: Writer, principalId: string): Promise<void> {
  await writer.deleteFrom('role_assignments').where('principal_id', '=', principalId).execute();
}
