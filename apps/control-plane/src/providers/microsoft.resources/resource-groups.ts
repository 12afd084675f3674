/** Resource groups: the folders that machines stand in. */
import { parseResourceId } from '@sallyport/model';
import { requestEvents } from '../../activity-log/events-of.ts';
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { readTags, tagsSchema } from '../../arm/tags.ts';
import { removePlainAt } from '../../resources/plain-resource.ts';
import type { Services } from '../../services.ts';
import type { ResourceGroupRow } from '../../store/schema/resource-rows.ts';
import type { Reader } from '../../store/store.ts';
import { removeMachine } from '../microsoft.hybridcompute/remove-machine.ts';
import * as z from 'zod/mini';

const nameForm = /^[A-Za-z0-9_.()-]{0,89}[A-Za-z0-9_()-]$/;

const bodySchema = z.object({
  location: z.optional(z.string().check(z.minLength(1), z.maxLength(100))),
  tags: z.optional(z.nullable(tagsSchema)),
});

const readAction = 'Microsoft.Resources/subscriptions/resourceGroups/read';

/** The row of the registry. */
export function resourceGroups(services: Services): ResourceType {
  return {
    type: 'Microsoft.Resources/subscriptions/resourceGroups',
    scopes: ['subscription'],
    policy: 'all',
    taggable: true,
    authorization: { collection: 'handler' },
    apiVersions: 'any',
    resource: 'none',
    item: {
      GET: async (request) => ({ status: 200, body: view(await existing(services.store.read, request)) }),
      HEAD: async (request) => ({ status: (await find(services.store.read, request)) === undefined ? 404 : 204 }),
      PUT: (request) => putGroup(services, request),
      PATCH: (request) => patchGroup(services, request),
      DELETE: (request) => deleteGroup(services, request),
    },
    collection: { GET: (request) => listGroups(services, request) },
  };
}

function find(reader: Reader, { id }: ArmRequest): Promise<ResourceGroupRow | undefined> {
  return reader
    .selectFrom('resource_groups')
    .selectAll()
    .where('subscription_id', '=', id.subscriptionId ?? '')
    .where('name_key', '=', (id.resourceGroup ?? '').toLowerCase())
    .executeTakeFirst();
}

async function existing(reader: Reader, request: ArmRequest): Promise<ResourceGroupRow> {
  const row = await find(reader, request);
  if (row !== undefined) return row;
  throw new ArmError('ResourceGroupNotFound', `Resource group '${request.id.resourceGroup ?? ''}' could not be found.`);
}

async function putGroup({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const body = parseBody(bodySchema, request.body);
  const name = request.id.resourceGroup ?? '';
  if (!nameForm.test(name)) {
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 100)}' is not a group's name: 1 to 90 letters, digits, '.', '_', '-' and brackets, no '.' at the end.`,
    );
  }
  if (body.location === undefined)
    throw new ArmError('LocationRequired', 'The location property is required for this definition.', 'location');
  const place = body.location;
  const { row, fresh } = await store.change(async (writer) => {
    const before = await find(writer, request);
    if (before !== undefined && before.location.toLowerCase() !== place.toLowerCase()) {
      throw new ArmError(
        'InvalidResourceLocation',
        `The group '${before.name}' already exists in location '${before.location}'; a group cannot change its location.`,
      );
    }
    const changed: ResourceGroupRow = {
      subscription_id: request.id.subscriptionId ?? '',
      name_key: name.toLowerCase(),
      name: before?.name ?? name,
      location: before?.location ?? place,
      tags: JSON.stringify(body.tags ?? {}),
      created_at: before?.created_at ?? environment.now(),
    };
    await writer
      .insertInto('resource_groups')
      .values(changed)
      .onConflict((conflict) => conflict.columns(['subscription_id', 'name_key']).doUpdateSet({ tags: changed.tags }))
      .execute();
    const origin = { ...request.origin, resourceId: idOf(changed), resourceGroup: changed.name };
    return {
      value: { row: changed, fresh: before === undefined },
      events: requestEvents(environment, origin, {
        status: 'Succeeded',
        subStatus: before === undefined ? 'Created' : 'OK',
      }),
    };
  });
  return { status: fresh ? 201 : 200, body: view(row) };
}

async function patchGroup({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const body = parseBody(bodySchema, request.body);
  const row = await store.change(async (writer) => {
    const before = await existing(writer, request);
    const tags = body.tags === undefined || body.tags === null ? before.tags : JSON.stringify(body.tags);
    await writer
      .updateTable('resource_groups')
      .set({ tags })
      .where('subscription_id', '=', before.subscription_id)
      .where('name_key', '=', before.name_key)
      .execute();
    const origin = { ...request.origin, resourceId: idOf(before), resourceGroup: before.name };
    return {
      value: { ...before, tags },
      events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  return { status: 200, body: view(row) };
}

/** Removes the group with its machines, at once and in one transaction. */
async function deleteGroup({ store, environment, doorbell }: Services, request: ArmRequest): Promise<ArmResponse> {
  const removed = await store.change(async (writer) => {
    const group = await existing(writer, request);
    const machines = await writer
      .selectFrom('machines')
      .select('vm_id')
      .where('subscription_id', '=', group.subscription_id)
      .where('group_key', '=', group.name_key)
      .execute();
    const origin = { ...request.origin, resourceId: idOf(group), resourceGroup: group.name };
    const events: ActivityEvent[] = [];
    for (const { vm_id } of machines) {
      events.push(
        ...(await removeMachine(writer, environment, vm_id, `the resource group '${group.name}' was deleted`)),
      );
    }
    await removePlainAt(writer, idOf(group));
    await writer
      .deleteFrom('resource_groups')
      .where('subscription_id', '=', group.subscription_id)
      .where('name_key', '=', group.name_key)
      .execute();
    return {
      value: machines,
      events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }, events),
    };
  });
  for (const { vm_id } of removed) doorbell.ring(vm_id);
  return { status: 200 };
}

/**
 * The groups that the caller may read, and no others: not in the list, and not in a link to where it goes on, which names the last one that
 * was read (T86).
 */
async function listGroups({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const subscriptionId = request.id.subscriptionId ?? '';
  let query = store.read
    .selectFrom('resource_groups')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .where('name_key', '>', wanted.after ?? '');
  if (!request.access.permits(readAction, `/subscriptions/${subscriptionId}`)) {
    const names = groupsAmong(request.access.scopesOf(readAction));
    if (names.length === 0) return { status: 200, body: { value: [] } };
    query = query.where('name_key', 'in', names);
  }
  const read = await query
    .orderBy('name_key')
    .limit(wanted.size + 1)
    .execute();
  const rows = read.filter((row) => request.access.permits(readAction, idOf(row)));
  return { status: 200, body: page(endpoint.url, request, wanted, rows, (row) => row.name_key, view) };
}

/** Names, in lower case, of the groups that are among scopes, of whichever subscription. */
function groupsAmong(scopes: readonly string[]): readonly string[] {
  return scopes.flatMap((scope) => {
    const id = parseResourceId(scope);
    return id?.resourceGroup === undefined || id.providers.length > 0 ? [] : [id.resourceGroup.toLowerCase()];
  });
}

function idOf(row: ResourceGroupRow): string {
  return `/subscriptions/${row.subscription_id}/resourceGroups/${row.name}`;
}

function view(row: ResourceGroupRow): unknown {
  return {
    id: idOf(row),
    name: row.name,
    type: 'Microsoft.Resources/resourceGroups',
    location: row.location,
    tags: readTags(row.tags),
    properties: { provisioningState: 'Succeeded' },
  };
}
