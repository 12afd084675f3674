/**
 * Tracked resources of a subscription in pages: kind after kind, each in the order of an index, so that a page of a large fleet costs
 * what a page of a small one does. What can be said in SQL narrows the rows that are read; the filter itself is held against each.
 */
import { parseResourceId } from '@sallyport/model';
import { sql, type Expression, type SqlBool } from 'kysely';
import { ArmError } from '../../arm/arm-error.ts';
import { readTags } from '../../arm/tags.ts';
import type { Reader } from '../../store/store.ts';
import { provisioningStateOf } from '../microsoft.hybridcompute/extension-view.ts';
import { licenseProfileType, licenseType } from '../microsoft.hybridcompute/licenses.ts';
import { idOfMachine } from '../microsoft.hybridcompute/machine-view.ts';
import { privateLinkScopeType } from '../microsoft.hybridcompute/private-link-scopes.ts';
import { extensionType, machineType } from '../microsoft.hybridcompute/provider.ts';
import { tagPattern } from './tag-pattern.ts';

export interface TrackedResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly group: string;
  readonly identity?: unknown;
  /** Of what changes at once there is no other. */
  readonly provisioningState?: string;
  readonly times: { readonly created_at: number; readonly changed_at: number };
  /** Where the list goes on after it. */
  readonly place: string;
}

/** What is looked for, as far as SQL can tell; all in lower case, undefined for anything. More may be found, never less. */
export interface Narrowing {
  readonly subscriptionId: string;
  readonly group: string | undefined;
  readonly type: string | undefined;
  /** The last part of it may be all that is looked at. */
  readonly name: string | undefined;
  readonly location: string | undefined;
  /** A tag by its name, and by its value too where that is given. */
  readonly tagName: string | undefined;
  readonly tagValue: string | undefined;
}

type Source = (
  reader: Reader,
  narrowing: Narrowing,
  tenantId: string,
  after: readonly string[],
  limit: number,
) => Promise<readonly Omit<TrackedResource, 'place'>[]>;

const trackedPlainTypes: readonly string[] = [licenseType, licenseProfileType, privateLinkScopeType];

/** In the order of the list. A key has the parts that the source sorts by. */
const sources: readonly {
  readonly types: readonly string[];
  readonly read: Source;
  readonly keyOf: (resource: Omit<TrackedResource, 'place'>) => string;
}[] = [
  { types: trackedPlainTypes, read: plain, keyOf: ({ id }) => id.toLowerCase() },
  { types: [machineType], read: machines, keyOf: ({ group, name }) => `${group}/${name}`.toLowerCase() },
  { types: [extensionType], read: extensions, keyOf: ({ group, name }) => `${group}/${name}`.toLowerCase() },
];

/** The next resources after a place, and where to go on; undefined at the end. There may be none and more to come. */
export async function trackedAfter(
  reader: Reader,
  narrowing: Narrowing,
  tenantId: string,
  after: string | undefined,
  limit: number,
): Promise<{ readonly resources: readonly TrackedResource[]; readonly next: string | undefined }> {
  const [index, key] = readPlace(after);
  const source = sources[index];
  if (source === undefined) return { resources: [], next: undefined };
  const following = index + 1 < sources.length ? `${index + 1}:` : undefined;
  const { type } = narrowing;
  if (type !== undefined && !source.types.some((own) => own.toLowerCase() === type))
    return { resources: [], next: following };
  const found = await source.read(reader, narrowing, tenantId, key === '' ? [] : key.split('/'), limit);
  const resources = found.map((resource) => ({ ...resource, place: `${index}:${source.keyOf(resource)}` }));
  return { resources, next: found.length < limit ? following : resources.at(-1)?.place };
}

function readPlace(place: string | undefined): readonly [number, string] {
  const [, index, key = ''] = /^([0-9]):(.*)$/s.exec(place ?? '0:') ?? [];
  if (index === undefined)
    throw new ArmError(
      'InvalidParameter',
      'The $skiptoken is not of this list. Use the nextLink of the previous page as it is.',
    );
  return [Number(index), key];
}

/** Upper and lower case are told apart by databases in ways of their own, but for these. */
function isPlain(text: string | undefined): text is string {
  return text !== undefined && /^[a-z0-9_-]+$/.test(text);
}

function sameText(column: string, text: string | undefined): Expression<SqlBool> {
  return isPlain(text) ? sql<SqlBool>`lower(${sql.ref(column)}) = ${text}` : sql<SqlBool>`1 = 1`;
}

function hasTag(column: string, { tagName, tagValue }: Narrowing): Expression<SqlBool> {
  const pattern = tagPattern(tagName, tagValue);
  return pattern === undefined ? sql<SqlBool>`1 = 1` : sql<SqlBool>`lower(${sql.ref(column)}) LIKE ${pattern}`;
}

/** A key ends with the last part of the name, which is in lower case as it is. */
function endsWith(column: string, name: string | undefined): Expression<SqlBool> {
  if (name === undefined) return sql<SqlBool>`1 = 1`;
  const last = (name.split('/').at(-1) ?? '').replaceAll(/[%_\\]/g, '_');
  return sql<SqlBool>`${sql.ref(column)} LIKE ${`%/${last}`}`;
}

async function plain(
  reader: Reader,
  narrowing: Narrowing,
  _tenantId: string,
  after: readonly string[],
  limit: number,
): Promise<readonly Omit<TrackedResource, 'place'>[]> {
  const { subscriptionId, group, type, name, location } = narrowing;
  let query = reader
    .selectFrom('plain_resources')
    .select(['resource_id', 'type', 'location', 'tags', 'created_at', 'changed_at'])
    .where('subscription_id', '=', subscriptionId)
    .where(
      'type',
      'in',
      type === undefined ? trackedPlainTypes : trackedPlainTypes.filter((own) => own.toLowerCase() === type),
    )
    .where('resource_key', '>', after.join('/'))
    .where(endsWith('resource_key', name))
    .where(sameText('location', location))
    .where(hasTag('tags', narrowing));
  if (group !== undefined) query = query.where('group_key', '=', group);
  const rows = await query.orderBy('resource_key').limit(limit).execute();
  return rows.map((row) => {
    const id = parseResourceId(row.resource_id);
    return {
      id: row.resource_id,
      name: id?.providers.at(-1)?.names.join('/') ?? '',
      type: row.type,
      location: row.location ?? '',
      tags: readTags(row.tags),
      group: id?.resourceGroup ?? '',
      times: row,
    };
  });
}

async function machines(
  reader: Reader,
  narrowing: Narrowing,
  tenantId: string,
  [afterGroup, afterName = '']: readonly string[],
  limit: number,
): Promise<readonly Omit<TrackedResource, 'place'>[]> {
  const { subscriptionId, group, name, location } = narrowing;
  let query = reader
    .selectFrom('machines')
    .select(['subscription_id', 'group_name', 'name', 'location', 'tags', 'principal_id', 'created_at', 'changed_at'])
    .where('subscription_id', '=', subscriptionId)
    .where(sameText('location', location))
    .where(hasTag('tags', narrowing));
  if (group !== undefined) query = query.where('group_key', '=', group);
  if (name !== undefined) query = query.where('name_key', '=', name);
  if (afterGroup !== undefined)
    query = query.where(sql<SqlBool>`(group_key, name_key) > (${afterGroup}, ${afterName})`);
  const rows = await query.orderBy('group_key').orderBy('name_key').limit(limit).execute();
  return rows.map((machine) => ({
    id: idOfMachine(machine),
    name: machine.name,
    type: machineType,
    location: machine.location,
    tags: readTags(machine.tags),
    identity: { principalId: machine.principal_id, tenantId, type: 'SystemAssigned' },
    group: machine.group_name,
    times: machine,
  }));
}

async function extensions(
  reader: Reader,
  narrowing: Narrowing,
  _tenantId: string,
  [afterGroup, afterMachine = '', afterName = '']: readonly string[],
  limit: number,
): Promise<readonly Omit<TrackedResource, 'place'>[]> {
  const [machineName, extensionName] = narrowing.name?.split('/') ?? [];
  // Called by its machine's name and its own.
  if (machineName !== undefined && extensionName === undefined) return [];
  const query = extensionsOf(reader, narrowing, machineName, extensionName).limit(limit);
  if (afterGroup === undefined) return (await query.execute()).map(shownExtension);
  // Two questions: in one, about names of both tables at once, PostgreSQL finds no place to begin and reads the whole fleet.
  const sameMachine = await query
    .where('machines.group_key', '=', afterGroup)
    .where('machines.name_key', '=', afterMachine)
    .where('extensions.name_key', '>', afterName)
    .execute();
  if (sameMachine.length === limit) return sameMachine.map(shownExtension);
  const laterMachines = await query
    // Of rows PostgreSQL weighs the first column only: after the one group that there is, it would expect nothing and sort everything.
    .where(sql<SqlBool>`(machines.group_key, machines.name_key) >= (${afterGroup}, ${afterMachine})`)
    .where(sql<SqlBool>`NOT (machines.group_key = ${afterGroup} AND machines.name_key = ${afterMachine})`)
    .limit(limit - sameMachine.length)
    .execute();
  return [...sameMachine, ...laterMachines].map(shownExtension);
}

function extensionsOf(
  reader: Reader,
  narrowing: Narrowing,
  machineName: string | undefined,
  extensionName: string | undefined,
) {
  const { subscriptionId, group, location } = narrowing;
  let query = reader
    .selectFrom('machines')
    .innerJoin('extensions', 'extensions.vm_id', 'machines.vm_id')
    .innerJoin('operations', 'operations.operation_id', 'extensions.operation_id')
    .select(['machines.subscription_id', 'machines.group_name', 'machines.name as machine_name'])
    .select(['extensions.name', 'extensions.location', 'extensions.tags'])
    .select(['extensions.created_at', 'extensions.changed_at', 'operations.kind', 'operations.state'])
    .where('machines.subscription_id', '=', subscriptionId)
    .where(sameText('extensions.location', location))
    .where(hasTag('extensions.tags', narrowing));
  if (group !== undefined) query = query.where('machines.group_key', '=', group);
  if (machineName !== undefined) query = query.where('machines.name_key', '=', machineName);
  if (extensionName !== undefined) query = query.where('extensions.name_key', '=', extensionName);
  return query.orderBy('machines.group_key').orderBy('machines.name_key').orderBy('extensions.name_key');
}

type ExtensionOfList = Awaited<ReturnType<ReturnType<typeof extensionsOf>['execute']>>[number];

function shownExtension(row: ExtensionOfList): Omit<TrackedResource, 'place'> {
  return {
    id: `${idOfMachine({ ...row, name: row.machine_name })}/extensions/${row.name}`,
    name: `${row.machine_name}/${row.name}`,
    type: extensionType,
    location: row.location,
    tags: readTags(row.tags),
    group: row.group_name,
    times: row,
    provisioningState: provisioningStateOf(row),
  };
}
