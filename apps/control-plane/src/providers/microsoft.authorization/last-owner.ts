import { ArmError } from '../../arm/arm-error.ts';
import { ownerRoleId } from '../../rbac/built-in-roles.ts';
import { tenantScope } from '../../rbac/scope.ts';
import type { Writer } from '../../store/store.ts';

/** Refuses to take away the last assignment of Owner at `/`: nobody could give access any more. `going` are assignment ids. */
export async function requireAnotherOwner(writer: Writer, going: readonly string[]): Promise<void> {
  const owners = await writer
    .selectFrom('role_assignments')
    .select('assignment_id')
    .where('scope_key', '=', tenantScope)
    .where('role_id', '=', ownerRoleId)
    .execute();
  const left = owners.filter(({ assignment_id }) => !going.includes(assignment_id));
  if (left.length > 0 || left.length === owners.length) return;
  throw new ArmError(
    'CannotDeleteLastRbacAdmin',
    "This is the last Owner at '/'. Assign Owner at '/' to somebody else first; nobody could give access any more.",
  );
}
