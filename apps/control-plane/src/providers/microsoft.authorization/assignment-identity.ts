/**
 * The identity of a policy assignment: what `deployIfNotExists` and remediations act as. It can do what the roles that it is given let
 * it do, and nothing before it is given one. It has no secret: nobody can sign in as it.
 */
import { ArmError } from '../../arm/arm-error.ts';
import type { Environment } from '../../environment.ts';
import type { PolicyKind, PolicyObject } from '../../policy/stored/policy-objects.ts';
import { removeAssignmentsOf } from '../../rbac/remove-assignments.ts';
import type { Writer } from '../../store/store.ts';

/** The principal that an assignment is to have; made when it has none yet. Null for none. Throws {@link ArmError}. */
export async function identityFor(
  writer: Writer,
  environment: Environment,
  kind: PolicyKind,
  name: string,
  before: PolicyObject | undefined,
  wanted: string | undefined,
): Promise<string | null> {
  if (kind !== 'policyAssignments') return null;
  const word = (wanted ?? 'None').toLowerCase();
  if (word === 'none') {
    await removeIdentity(writer, before?.principal_id ?? null);
    return null;
  }
  if (word !== 'systemassigned')
    throw new ArmError(
      'InvalidRequestContent',
      `An assignment's identity is of the type SystemAssigned or None, not '${word.slice(0, 50)}'.`,
      'identity.type',
    );
  if (before !== undefined && before.principal_id !== null) return before.principal_id;
  const objectId = environment.guid();
  await writer
    .insertInto('principals')
    .values({
      object_id: objectId,
      client_id: environment.guid(),
      kind: 'ServicePrincipal',
      display_name: `policy assignment ${name}`,
      secret_hash: null,
      public_key: null,
      vm_id: null,
      created_at: environment.now(),
    })
    .execute();
  return objectId;
}

/** Takes away an identity with every role that it holds. */
export async function removeIdentity(writer: Writer, objectId: string | null): Promise<void> {
  if (objectId === null) return;
  await removeAssignmentsOf(writer, objectId);
  await writer.deleteFrom('principals').where('object_id', '=', objectId).execute();
}
