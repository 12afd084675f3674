/**
 * Resource types that are what they say and nothing more: somebody writes one, everybody reads it (licenses, private link scopes,
 * guest configuration assignments). One table holds them; a type is a description of its shape.
 */
import { formatResourceId, type ResourceId } from '@sallyport/model';
import type { Selectable } from 'kysely';
import * as z from 'zod/mini';
import { requestEvents } from '../activity-log/events-of.ts';
import { ArmError } from '../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../arm/arm-request.ts';
import { parseBody } from '../arm/body.ts';
import { page, pageRequest } from '../arm/paging.ts';
import type { ResourceType } from '../arm/resource-type.ts';
import { systemData } from '../arm/system-data.ts';
import { readTags, tagsSchema } from '../arm/tags.ts';
import { canonicalId } from '../arm/origin-of.ts';
import { removeExemptionsAt } from '../policy/stored/remove-exemptions.ts';
import { removeAssignmentsAt } from '../rbac/remove-assignments.ts';
import { scopeBeneath, scopeKey } from '../rbac/scope.ts';
import type { Services } from '../services.ts';
import type { PlainResourceRow } from '../store/schema/resource-rows.ts';
import type { Reader, Writer } from '../store/store.ts';
import { forgetTags, keepTags } from './keep-tags.ts';
import { orderById, stretchesWithin } from './reach/reach.ts';
import { readWithin } from './reach/read-within.ts';
import { wholeList, type Stretch } from './reach/stretch.ts';
import { taggedPlain } from './tag-keys.ts';

export type PlainResource = Selectable<PlainResourceRow>;
export type Properties = Readonly<Record<string, unknown>>;

export interface PlainType {
  /** In the spelling that is served. */
  readonly type: string;
  readonly scopes: ResourceType['scopes'];
  readonly apiVersions: ResourceType['apiVersions'];
  readonly resource: ResourceType['resource'];
  readonly policy: ResourceType['policy'];
  /** As in {@link ResourceType}. */
  readonly introduced?: NonNullable<ResourceType['introduced']>;
  /** Its properties have no `provisioningState`. */
  readonly isStateless?: true;
  /** What a PUT that makes one is answered with (arm-api §3). */
  readonly created: 200 | 201;
  /** What a DELETE that removes one is answered with. */
  readonly removed: 200 | 204;
  readonly location: 'required' | 'optional' | 'none';
  readonly nameForm: RegExp;
  /** What may be written; everything else of the resource is read-only and ignored, as ARM does. */
  readonly properties: z.ZodMiniType<Properties>;
  /** What a read shows beside what was written. */
  shown?(reader: Reader, row: PlainResource): Promise<Properties>;
  /** The one name that there is, as it is spelled; left out for names that people choose. */
  readonly onlyName?: string;
  /** For what stands under or on a resource: its id as it is stored. Throws {@link ArmError} when it is not there. */
  parentId?(reader: Reader, id: ResourceId): Promise<string>;
}

const bodySchema = z.object({
  location: z.optional(z.nullable(z.string().check(z.maxLength(100)))),
  tags: z.optional(z.nullable(tagsSchema)),
  properties: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
});

/** The row of the registry. */
export function plainResource(services: Services, kind: PlainType): ResourceType {
  return {
    type: kind.type,
    scopes: kind.scopes,
    apiVersions: kind.apiVersions,
    resource: kind.resource,
    ...(kind.policy === undefined ? {} : { policy: kind.policy }),
    ...(kind.introduced === undefined ? {} : { introduced: kind.introduced }),
    ...(kind.resource === 'tracked' ? { authorization: { collection: 'filtered' } } : {}),
    item: {
      GET: async (request) => {
        const row = await requirePlain(services.store.read, kind, request.id);
        return { status: 200, body: await view(services, kind, row) };
      },
      PUT: (request) => write(services, kind, request),
      PATCH: (request) => write(services, kind, request),
      DELETE: (request) => remove(services, kind, request),
    },
    collection: { GET: (request) => listPlain(services, kind, request) },
  };
}

/** The id of a request in the spelling that is served. */
function idOf(kind: PlainType, id: ResourceId): string {
  return formatResourceId(canonicalId(id, kind.type));
}

/** The resource of an id, or undefined. */
export function findPlain(reader: Reader, id: string): Promise<PlainResource | undefined> {
  return reader.selectFrom('plain_resources').selectAll().where('resource_key', '=', scopeKey(id)).executeTakeFirst();
}

async function requirePlain(reader: Reader, kind: PlainType, id: ResourceId): Promise<PlainResource> {
  const row = await findPlain(reader, idOf(kind, id));
  if (row !== undefined) return row;
  const names = id.providers.at(-1)?.names.join('/') ?? '';
  throw new ArmError(
    'ResourceNotFound',
    `The Resource '${kind.type}/${names}' under resource group '${id.resourceGroup ?? ''}' was not found.`,
  );
}

/** What was written of a resource. */
export function propertiesOfPlain(row: Pick<PlainResource, 'properties'>): Properties {
  return JSON.parse(row.properties) as Properties;
}

async function view(
  { store }: Pick<Services, 'store'>,
  kind: Pick<PlainType, 'type' | 'resource' | 'isStateless' | 'shown'>,
  row: PlainResource,
): Promise<unknown> {
  return {
    id: row.resource_id,
    name: row.resource_id.split('/').at(-1),
    type: kind.type,
    ...(row.location === null ? {} : { location: row.location }),
    ...(kind.resource === 'tracked' ? { tags: readTags(row.tags) } : {}),
    systemData: systemData(row),
    properties: {
      ...propertiesOfPlain(row),
      ...(await kind.shown?.(store.read, row)),
      ...(kind.isStateless === true ? {} : { provisioningState: 'Succeeded' }),
    },
  };
}

/** PUT writes the whole resource; PATCH what it names, over what is there. */
async function write(services: Services, kind: PlainType, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment } = services;
  const body = parseBody(bodySchema, request.body);
  const name = request.id.providers.at(-1)?.names.at(-1) ?? '';
  if (!kind.nameForm.test(name))
    throw new ArmError('InvalidResourceName', `'${name.slice(0, 130)}' is not a name of a ${kind.type}.`);
  const { row, fresh } = await store.change(async (writer) => {
    const found = await findPlain(writer, idOf(kind, request.id));
    if (found === undefined && request.method === 'PATCH') await requirePlain(writer, kind, request.id);
    const before = request.method === 'PATCH' ? found : undefined;
    const sent = body.properties ?? {};
    const properties = before === undefined ? sent : { ...propertiesOfPlain(before), ...sent };
    const location = placeOf(kind, found, body.location ?? undefined);
    const id = found?.resource_id ?? (await idToStore(writer, kind, request.id));
    const now = environment.now();
    const said = {
      location,
      tags: JSON.stringify(body.tags ?? (before === undefined ? {} : readTags(before.tags))),
      properties: JSON.stringify(parseBody(kind.properties, properties)),
      changed_at: now,
      changed_by: request.caller.clientId,
    };
    const stored = await writer
      .insertInto('plain_resources')
      .values({
        ...said,
        resource_key: scopeKey(id),
        resource_id: id,
        type: kind.type,
        subscription_id: request.id.subscriptionId ?? '',
        group_key: (request.id.resourceGroup ?? '').toLowerCase(),
        created_at: now,
        created_by: request.caller.clientId,
      })
      .onConflict((conflict) => conflict.column('resource_key').doUpdateSet(said))
      .returningAll()
      .executeTakeFirstOrThrow();
    if (kind.resource === 'tracked') await keepTags(writer, taggedPlain(stored), found?.tags, stored.tags);
    const origin = { ...request.origin, resourceId: id };
    const subStatus = found === undefined ? 'Created' : 'OK';
    const events = requestEvents(environment, origin, {
      status: 'Succeeded',
      subStatus,
    });
    return { value: { row: stored, fresh: found === undefined }, events };
  });
  return { status: fresh ? kind.created : 200, body: await view(services, kind, row) };
}

function placeOf(kind: PlainType, before: PlainResource | undefined, sent: string | undefined): string | null {
  if (kind.location === 'none') return null;
  if (before?.location !== undefined && before.location !== null) {
    if (sent === undefined || sent.toLowerCase() === before.location.toLowerCase()) return before.location;
    throw new ArmError(
      'InvalidResourceLocation',
      `The resource '${before.resource_id}' already exists in location '${before.location}'; a resource cannot change its location.`,
      'location',
    );
  }
  if (sent !== undefined && sent !== '') return sent;
  if (kind.location === 'optional') return null;
  throw new ArmError('LocationRequired', 'The location property is required for this definition.', 'location');
}

/** The id of a new resource: what it stands in, under or on as that is spelled. Throws {@link ArmError} when that is not there. */
async function idToStore(writer: Writer, kind: PlainType, id: ResourceId): Promise<string> {
  const whole = idOf(kind, id);
  const name = kind.onlyName ?? whole.split('/').at(-1) ?? '';
  if (kind.parentId === undefined) {
    const grouped = idOf(kind, await groupSpelled(writer, id));
    return `${grouped.slice(0, grouped.lastIndexOf('/'))}/${name}`;
  }
  const section = id.providers.at(-1);
  const nested = section !== undefined && section.types.length > 1;
  const own = nested ? (kind.type.split('/').at(-1) ?? '') : `providers/${kind.type}`;
  return `${await kind.parentId(writer, id)}/${own}/${name}`;
}

/** The id with its group as the group is spelled. Throws {@link ArmError} `ResourceGroupNotFound`. */
async function groupSpelled(reader: Reader, id: ResourceId): Promise<ResourceId> {
  if (id.resourceGroup === undefined) return id;
  const row = await reader
    .selectFrom('resource_groups')
    .select('name')
    .where('subscription_id', '=', id.subscriptionId ?? '')
    .where('name_key', '=', id.resourceGroup.toLowerCase())
    .executeTakeFirst();
  if (row === undefined)
    throw new ArmError('ResourceGroupNotFound', `Resource group '${id.resourceGroup}' could not be found.`);
  return { ...id, resourceGroup: row.name };
}

async function remove({ store, environment }: Services, kind: PlainType, request: ArmRequest): Promise<ArmResponse> {
  const gone = await store.change(async (writer) => {
    const row = await findPlain(writer, idOf(kind, request.id));
    if (row !== undefined) await removePlainAt(writer, row.resource_id);
    const origin = { ...request.origin, resourceId: row?.resource_id ?? request.origin.resourceId };
    const subStatus = row === undefined ? 'NoContent' : 'OK';
    return { value: row, events: requestEvents(environment, origin, { status: 'Succeeded', subStatus }) };
  });
  return { status: gone === undefined ? 204 : kind.removed };
}

/** Removes what stands at an id and beneath it, with every role held there and every exemption from policy. */
export async function removePlainAt(writer: Writer, id: string): Promise<void> {
  const key = scopeKey(id);
  await removeAssignmentsAt(writer, id);
  await removeExemptionsAt(writer, id);
  await forgetTags(writer, 'plain', key);
  await writer
    .deleteFrom('plain_resources')
    .where((row) =>
      row.or([
        row('resource_key', '=', key),
        row.and([row('resource_key', '>', `${key}/`), row('resource_key', '<', `${key}0`)]),
      ]),
    )
    .execute();
}

/** A page of those of a type that stand beneath something and that the caller may read. Throws {@link ArmError}. */
export async function listPlain(
  services: Pick<Services, 'store' | 'endpoint' | 'pageSize'>,
  kind: Pick<PlainType, 'type' | 'resource' | 'isStateless' | 'shown'>,
  request: Pick<ArmRequest, 'id' | 'path' | 'query' | 'access'>,
): Promise<ArmResponse> {
  const { store, endpoint, pageSize } = services;
  const wanted = pageRequest(request, pageSize);
  const parent = scopeKey(parentOf(request.id));
  const rows = await readWithin(
    {
      read: (stretch, after, limit) => {
        // What stands beneath the parent, wherever a link that somebody made up says that the list goes on.
        let query = store.read
          .selectFrom('plain_resources')
          .selectAll()
          .where('type', '=', kind.type)
          .where('resource_key', '>', `${parent}/`)
          .where('resource_key', '<', `${parent}0`);
        query =
          after === undefined
            ? query.where('resource_key', '>=', stretch.first)
            : query.where('resource_key', '>', after);
        if (stretch.end !== undefined) query = query.where('resource_key', '<', stretch.end);
        return query.orderBy('resource_key').limit(limit).execute();
      },
      placeOf: (row) => row.resource_key,
      isVisible: (row) => kind.resource === 'none' || request.access.permits(`${kind.type}/read`, row.resource_id),
    },
    stretchesOf(kind, request),
    wanted.after,
    wanted.size + 1,
  );
  const views = new Map<PlainResource, unknown>();
  for (const row of rows) views.set(row, await view(services, kind, row));
  return {
    status: 200,
    body: page(
      endpoint.url,
      request,
      wanted,
      rows,
      (row) => row.resource_key,
      (row) => views.get(row),
    ),
  };
}

/** Where in the list the caller may read: of a subscription less than the whole of it may be enough (decision 0249). */
function stretchesOf(
  { type, resource }: Pick<PlainType, 'type' | 'resource'>,
  { id, access }: Pick<ArmRequest, 'id' | 'access'>,
): readonly Stretch[] {
  if (resource === 'none' || id.resourceGroup !== undefined) return [wholeList];
  const narrowing = { subscriptionId: id.subscriptionId ?? '', group: undefined };
  return stretchesWithin(orderById([type], []), narrowing, access.scopesOf(`${type}/read`));
}

/** What a collection stands under: its parent resource, what it stands on, or the group or subscription that it is listed in. */
function parentOf(id: ResourceId): string {
  const section = id.providers.at(-1);
  if (section === undefined || section.names.length === 0) return scopeBeneath(id);
  const parent = { ...section, types: section.types.slice(0, section.names.length) };
  return formatResourceId({ ...id, providers: [...id.providers.slice(0, -1), parent] });
}
