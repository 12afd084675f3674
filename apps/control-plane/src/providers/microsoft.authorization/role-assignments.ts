/** `Microsoft.Authorization/roleAssignments`: who may do what where (issue 4.4). */
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { scopeBeneath, scopeKey } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { apiVersions, everyScope, namespace } from './names.ts';
import { assignmentView, principalTypesOf, type Assignment } from './role-assignment-view.ts';
import { assignmentFilter } from './role-assignment-filter.ts';
import { putAssignment } from './put-role-assignment.ts';
import { requireAnotherOwner } from './last-owner.ts';

/** The row of the registry. */
export function roleAssignments(services: Services): ResourceType {
  return {
    type: `${namespace}/roleAssignments`,
    scopes: everyScope,
    apiVersions,
    resource: 'none',
    item: {
      GET: async (request) => ({
        status: 200,
        body: await shown(services, await existing(services.store.read, request)),
      }),
      PUT: (request) => putAssignment(services, request),
      DELETE: (request) => deleteAssignment(services, request),
    },
    collection: { GET: (request) => listAssignments(services, request) },
  };
}

function find(reader: Reader, { id }: ArmRequest): Promise<Assignment | undefined> {
  return reader
    .selectFrom('role_assignments')
    .selectAll()
    .where('assignment_id', '=', (id.providers.at(-1)?.names[0] ?? '').toLowerCase())
    .where('scope_key', '=', scopeKey(scopeBeneath(id)))
    .executeTakeFirst();
}

async function existing(reader: Reader, request: ArmRequest): Promise<Assignment> {
  const row = await find(reader, request);
  if (row !== undefined) return row;
  throw new ArmError(
    'ResourceNotFound',
    `The role assignment '${(request.id.providers.at(-1)?.names[0] ?? '').slice(0, 60)}' is not found at '${scopeBeneath(request.id)}'.`,
  );
}

async function listAssignments({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const keep = assignmentFilter(request.query.get('$filter'), scopeBeneath(request.id));
  const rows = await store.read
    .selectFrom('role_assignments')
    .selectAll()
    .where('assignment_id', '>', wanted.after ?? '')
    .orderBy('assignment_id')
    .execute();
  const kept = rows.filter(keep);
  const types = await principalTypesOf(store.read, kept);
  const view = (row: Assignment): unknown => assignmentView(row, types);
  return { status: 200, body: page(endpoint.url, request, wanted, kept, (row) => row.assignment_id, view) };
}

async function shown({ store }: Services, row: Assignment): Promise<unknown> {
  return assignmentView(row, await principalTypesOf(store.read, [row]));
}

async function deleteAssignment(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment } = services;
  const gone = await store.change(async (writer) => {
    const row = await find(writer, request);
    if (row !== undefined) {
      await requireAnotherOwner(writer, [row.assignment_id]);
      await writer.deleteFrom('role_assignments').where('assignment_id', '=', row.assignment_id).execute();
    }
    const subStatus = row === undefined ? 'NoContent' : 'OK';
    return { value: row, events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus }) };
  });
  return gone === undefined ? { status: 204 } : { status: 200, body: await shown(services, gone) };
}
