import { requireAnotherOwner } from '../microsoft.authorization/last-owner.ts';
import { removeAssignmentsOf } from '../../rbac/remove-assignments.ts';
import type { Writer } from '../../store/store.ts';
import { endSessionsOf } from '../../identity/people/sessions.ts';
import type { Principal } from '../../identity/principals.ts';

/** Removes a service principal or a person with everything it signs in by and every role it holds. Its tokens are refused at once. */
export async function removePrincipal(writer: Writer, principal: Principal): Promise<void> {
  const held = await writer
    .selectFrom('role_assignments')
    .select('assignment_id')
    .where('principal_id', '=', principal.object_id)
    .execute();
  await requireAnotherOwner(
    writer,
    held.map(({ assignment_id }) => assignment_id),
  );
  await removeAssignmentsOf(writer, principal.object_id);
  await writer.deleteFrom('certificate_credentials').where('client_id', '=', principal.client_id).execute();
  await writer.deleteFrom('federated_credentials').where('client_id', '=', principal.client_id).execute();
  await endSessionsOf(writer, principal.object_id);
  await writer.deleteFrom('principals').where('object_id', '=', principal.object_id).execute();
}
