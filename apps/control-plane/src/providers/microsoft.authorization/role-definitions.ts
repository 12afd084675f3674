/** `Microsoft.Authorization/roleDefinitions`: the built-in roles, and those that people write (issue 4.4, arm-api §8.1). */
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseFilter } from '../../arm/filter.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { builtInRoles } from '../../rbac/built-in-roles.ts';
import type { Role } from '../../rbac/role.ts';
import { allRoles, findRole } from '../../rbac/roles.ts';
import { covers, scopeBeneath } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { Writer } from '../../store/store.ts';
import { apiVersions, everyScope, guidForm, namespace, roleDefinitionId } from './names.ts';
import { readRole } from './role-definition-body.ts';

const writeAction = `${namespace}/roleDefinitions/write`;
const deleteAction = `${namespace}/roleDefinitions/delete`;

/** The row of the registry. */
export function roleDefinitions(services: Services): ResourceType {
  return {
    type: `${namespace}/roleDefinitions`,
    scopes: everyScope,
    apiVersions,
    resource: 'none',
    item: {
      GET: async (request) => ({ status: 200, body: view(await existing(services, request), request) }),
      PUT: (request) => putRole(services, request),
      DELETE: (request) => deleteRole(services, request),
    },
    collection: { GET: (request) => listRoles(services, request) },
  };
}

function nameOf({ id }: ArmRequest): string {
  return (id.providers.at(-1)?.names[0] ?? '').toLowerCase();
}

async function existing({ store }: Services, request: ArmRequest): Promise<Role> {
  const role = await findRole(store.read, nameOf(request));
  if (role !== undefined && reaches(role, scopeBeneath(request.id))) return role;
  throw new ArmError(
    'RoleDefinitionDoesNotExist',
    `The specified role definition with ID '${nameOf(request).slice(0, 60)}' does not exist.`,
  );
}

/** Whether a role can be assigned at a scope or somewhere below it, so that it is worth showing there. */
function reaches({ assignableScopes }: Role, scope: string): boolean {
  return assignableScopes.some((assignable) => covers(assignable, scope) || covers(scope, assignable));
}

async function listRoles({ store }: Services, request: ArmRequest): Promise<ArmResponse> {
  const scope = scopeBeneath(request.id);
  const tests = parseFilter(withoutAtScope(request.query.get('$filter'))).map(({ field, operator, value }) => {
    const known = field === 'rolename' || field === 'type';
    if (!known || operator !== 'eq')
      throw new ArmError(
        'InvalidFilter',
        `The $filter '${field} ${operator}' is not possible here; there are roleName eq, type eq and atScopeAndBelow().`,
      );
    return (role: Role): boolean => (field === 'type' ? role.kind : role.name).toLowerCase() === value.toLowerCase();
  });
  const roles = (await allRoles(store.read)).filter(
    (role) => reaches(role, scope) && tests.every((test) => test(role)),
  );
  return { status: 200, body: { value: roles.map((role) => view(role, request)) } };
}

/** `atScopeAndBelow()` is what a list here always is. */
function withoutAtScope(filter: string | undefined): string | undefined {
  return filter?.replace(/\batScopeAndBelow\(\)(?:\s+and\s+)?/i, '').replace(/\s+and\s*$/i, '');
}

async function putRole({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const id = nameOf(request);
  if (!guidForm.test(id))
    throw new ArmError('InvalidResourceName', `'${id.slice(0, 60)}' is not the name of a role definition: use a GUID.`);
  if (builtInRoles.some((role) => role.id === id))
    throw new ArmError(
      'BuiltInRoleCannotBeChanged',
      `'${id}' is a built-in role. Write a custom role under a new GUID.`,
    );
  const role = readRole(id, request.body);
  // Whoever writes a role must be allowed to wherever it can be assigned: it changes what its holders may do there.
  for (const scope of role.assignableScopes) request.access.require(writeAction, scope);
  await store.change(async (writer) => {
    const before = await findRole(writer, id);
    for (const scope of before?.assignableScopes ?? []) request.access.require(writeAction, scope);
    await refuseTakenName(writer, role);
    const now = environment.now();
    const values = {
      name: role.name,
      name_key: role.name.toLowerCase(),
      description: role.description,
      permissions: JSON.stringify(role.permissions),
      assignable_scopes: JSON.stringify(role.assignableScopes),
      changed_at: now,
      changed_by: request.caller.clientId,
    };
    await writer
      .insertInto('role_definitions')
      .values({ role_id: id, ...values, created_at: now, created_by: request.caller.clientId })
      .onConflict((conflict) => conflict.column('role_id').doUpdateSet(values))
      .execute();
    return {
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'Created' }),
    };
  });
  return { status: 201, body: view(role, request) };
}

async function refuseTakenName(writer: Writer, role: Role): Promise<void> {
  const taken = (await allRoles(writer)).some(
    ({ id, name }) => id !== role.id && name.toLowerCase() === role.name.toLowerCase(),
  );
  if (!taken) return;
  throw new ArmError(
    'RoleDefinitionWithSameNameExists',
    `There is a role named '${role.name}' already. Choose another roleName.`,
  );
}

async function deleteRole({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const id = nameOf(request);
  if (builtInRoles.some((role) => role.id === id))
    throw new ArmError('BuiltInRoleCannotBeChanged', `'${id}' is a built-in role and cannot be deleted.`);
  const gone = await store.change(async (writer) => {
    const role = await findRole(writer, id);
    for (const scope of role?.assignableScopes ?? []) request.access.require(deleteAction, scope);
    const holder = await writer
      .selectFrom('role_assignments')
      .select('scope')
      .where('role_id', '=', id)
      .executeTakeFirst();
    if (role !== undefined && holder !== undefined)
      throw new ArmError(
        'RoleDefinitionHasAssignments',
        `The role '${role.name}' is assigned, at '${holder.scope}' for one. Delete its assignments first.`,
      );
    await writer.deleteFrom('role_definitions').where('role_id', '=', id).execute();
    const subStatus = role === undefined ? 'NoContent' : 'OK';
    return { value: role, events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus }) };
  });
  return gone === undefined ? { status: 204 } : { status: 200, body: view(gone, request) };
}

function view(role: Role, request: ArmRequest): unknown {
  return {
    id: roleDefinitionId(role.id, scopeBeneath(request.id)),
    name: role.id,
    type: `${namespace}/roleDefinitions`,
    properties: {
      roleName: role.name,
      type: role.kind,
      description: role.description,
      assignableScopes: role.assignableScopes,
      permissions: role.permissions,
    },
  };
}
