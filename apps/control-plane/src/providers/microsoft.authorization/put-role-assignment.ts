/** Assigns a role. An assignment is made and deleted, never changed: who, what and where are what it is. */
import * as z from 'zod/mini';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { Role } from '../../rbac/role.ts';
import { findRole } from '../../rbac/roles.ts';
import { covers, readScope, scopeBeneath, scopeKey } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { Writer } from '../../store/store.ts';
import { guidForm } from './names.ts';
import { assignmentView, principalTypesOf, type Assignment } from './role-assignment-view.ts';

const bodySchema = z.object({
  properties: z.object({
    roleDefinitionId: z.string().check(z.maxLength(500)),
    principalId: z.string().check(z.maxLength(100)),
    principalType: z.optional(z.nullable(z.string())),
    description: z.optional(z.nullable(z.string().check(z.maxLength(1024)))),
    condition: z.optional(z.nullable(z.string())),
  }),
});

/** Answers 201, for an assignment that is there already too (arm-api §3). */
export async function putAssignment({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const name = (request.id.providers.at(-1)?.names[0] ?? '').toLowerCase();
  if (!guidForm.test(name))
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 60)}' is not the name of a role assignment: use a GUID.`,
    );
  const { properties } = parseBody(bodySchema, request.body);
  if ((properties.condition ?? '') !== '')
    // A condition that is not looked at would give more than was asked for.
    throw new ArmError(
      'ConditionsNotSupported',
      'Conditions on role assignments are not supported: leave condition out.',
    );
  const scope = requestedScope(request);
  const row = await store.change(async (writer) => {
    const role = await assignableRole(writer, properties.roleDefinitionId, scope);
    await requirePrincipal(writer, properties.principalId);
    const now = environment.now();
    const wanted: Assignment = {
      assignment_id: name,
      scope,
      scope_key: scopeKey(scope),
      role_id: role.id,
      principal_id: properties.principalId.toLowerCase(),
      description: properties.description ?? '',
      created_at: now,
      created_by: request.caller.objectId,
      changed_at: now,
      changed_by: request.caller.objectId,
    };
    const stored = await keep(writer, wanted);
    return {
      value: stored,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'Created' }),
    };
  });
  return { status: 201, body: assignmentView(row, await principalTypesOf(store.read, [row])) };
}

function requestedScope({ id }: ArmRequest): string {
  const scope = readScope(scopeBeneath(id));
  if (scope !== undefined) return scope;
  throw new ArmError(
    'InvalidParameter',
    `'${scopeBeneath(id).slice(0, 200)}' is not a scope that a role can be assigned at.`,
  );
}

async function assignableRole(writer: Writer, roleDefinitionId: string, scope: string): Promise<Role> {
  const role = await findRole(writer, roleDefinitionId.split('/').at(-1) ?? '');
  if (role === undefined)
    throw new ArmError(
      'RoleDefinitionDoesNotExist',
      `The specified role definition with ID '${roleDefinitionId.slice(0, 200)}' does not exist.`,
    );
  if (role.assignableScopes.some((assignable) => covers(assignable, scope))) return role;
  throw new ArmError(
    'RoleDefinitionNotAssignable',
    `The role '${role.name}' cannot be assigned at '${scope}'; it can be at ${role.assignableScopes.map((one) => `'${one}'`).join(', ')}.`,
  );
}

async function requirePrincipal(writer: Writer, principalId: string): Promise<void> {
  const found = await writer
    .selectFrom('principals')
    .select('object_id')
    .where('object_id', '=', principalId.toLowerCase())
    .executeTakeFirst();
  if (found !== undefined) return;
  throw new ArmError(
    'PrincipalNotFound',
    `Principal '${principalId.slice(0, 100)}' does not exist. principalId is the object id, not the client id.`,
  );
}

async function keep(writer: Writer, wanted: Assignment): Promise<Assignment> {
  const same = await writer
    .selectFrom('role_assignments')
    .selectAll()
    .where((row) =>
      row.or([
        row('assignment_id', '=', wanted.assignment_id),
        row.and([
          row('principal_id', '=', wanted.principal_id),
          row('scope_key', '=', wanted.scope_key),
          row('role_id', '=', wanted.role_id),
        ]),
      ]),
    )
    .execute();
  const named = same.find((row) => row.assignment_id === wanted.assignment_id);
  const { principal_id, scope_key, role_id } = wanted;
  if (named !== undefined) {
    if (named.principal_id === principal_id && named.scope_key === scope_key && named.role_id === role_id) return named;
    throw new ArmError(
      'RoleAssignmentUpdateNotPermitted',
      'Role, principal and scope of a role assignment cannot be changed. Delete it, or use a new GUID.',
    );
  }
  const [other] = same;
  if (other !== undefined)
    throw new ArmError('RoleAssignmentExists', `The role assignment already exists, as '${other.assignment_id}'.`);
  await writer.insertInto('role_assignments').values(wanted).execute();
  return wanted;
}
