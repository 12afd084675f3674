import { sql, type SqlBool } from 'kysely';
import { readTags } from '../../../arm/tags.ts';
import { betweenParts, taggedExtension } from '../../../resources/tag-keys.ts';
import { provisioningStateOf } from '../../microsoft.hybridcompute/extension-view.ts';
import { idOfMachine } from '../../microsoft.hybridcompute/machine-view.ts';
import { extensionType } from '../../microsoft.hybridcompute/provider.ts';
import { orderByGroup } from '../../../resources/reach/reach.ts';
import { inStretch } from '../../../resources/reach/in-stretch.ts';
import { sameText, type Placed, type Source, type SourceQuery } from './source.ts';
import type { Stretch } from '../../../resources/reach/stretch.ts';

/** In the order of their groups, machines and names. */
export const extensions: Source = {
  types: [extensionType],
  kind: 'extension',
  order: orderByGroup(3),
  read: async (query, stretch, after, limit) => {
    const [machineName, extensionName] = query.narrowing.name?.split('/') ?? [];
    // Called by its machine's name and its own.
    if (machineName !== undefined && extensionName === undefined) return [];
    return (await readRows(query, stretch, after?.split(betweenParts), limit)).map(shown);
  },
  find: async (query, keys) => {
    const machinesOfKeys = [...new Set(keys.map((key) => key.slice(0, key.indexOf('/'))))];
    const wanted = new Set(keys);
    const rows = await select(query).where('extensions.vm_id', 'in', machinesOfKeys).execute();
    return rows.filter((row) => wanted.has(`${row.vm_id}/${row.own_name_key}`)).map(shown);
  },
};

const columns = ['machines.group_key', 'machines.name_key', 'extensions.name_key'];

async function readRows(
  query: SourceQuery,
  stretch: Stretch,
  after: readonly string[] | undefined,
  limit: number,
): Promise<readonly ExtensionOfList[]> {
  const next = inOrder(query).limit(limit);
  if (after === undefined) return next.where(inStretch(columns, stretch, undefined)).execute();
  const [group = '', machine = ''] = after;
  // Two questions: in one, about names of both tables at once, PostgreSQL finds no place to begin and reads the whole fleet.
  const onMachine: Stretch = { ...stretch, parts: stretch.parts.length === 3 ? stretch.parts : [group, machine] };
  const sameMachine = await next.where(inStretch(columns, onMachine, after)).execute();
  if (sameMachine.length === limit || stretch.parts.length >= 2) return sameMachine;
  const laterMachines = await next
    .where(inStretch(columns, stretch, undefined))
    // Of rows PostgreSQL weighs the first column only: after the one group that there is, it would expect nothing and sort everything.
    .where(sql<SqlBool>`(machines.group_key, machines.name_key) >= (${group}, ${machine})`)
    .where(sql<SqlBool>`NOT (machines.group_key = ${group} AND machines.name_key = ${machine})`)
    .limit(limit - sameMachine.length)
    .execute();
  return [...sameMachine, ...laterMachines];
}

function inOrder(query: SourceQuery) {
  return select(query)
    .where('machines.subscription_id', '=', query.narrowing.subscriptionId)
    .orderBy('machines.group_key')
    .orderBy('machines.name_key')
    .orderBy('extensions.name_key');
}

function select({ reader, narrowing: { name, location } }: SourceQuery) {
  const [machineName, extensionName] = name?.split('/') ?? [];
  let query = reader
    .selectFrom('machines')
    .innerJoin('extensions', 'extensions.vm_id', 'machines.vm_id')
    .innerJoin('operations', 'operations.operation_id', 'extensions.operation_id')
    .select(['machines.vm_id', 'machines.subscription_id', 'machines.group_key', 'machines.group_name'])
    .select(['machines.name_key', 'machines.name as machine_name', 'extensions.name_key as own_name_key'])
    .select(['extensions.name', 'extensions.location', 'extensions.tags'])
    .select(['extensions.created_at', 'extensions.changed_at', 'operations.kind', 'operations.state'])
    .where(sameText('extensions.location', location));
  if (machineName !== undefined) query = query.where('machines.name_key', '=', machineName);
  if (extensionName !== undefined) query = query.where('extensions.name_key', '=', extensionName);
  return query;
}

type ExtensionOfList = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function shown(row: ExtensionOfList): Placed {
  return {
    place: taggedExtension(row, row.own_name_key).place,
    resource: {
      id: `${idOfMachine({ ...row, name: row.machine_name })}/extensions/${row.name}`,
      name: `${row.machine_name}/${row.name}`,
      type: extensionType,
      location: row.location,
      tags: readTags(row.tags),
      group: row.group_name,
      times: row,
      provisioningState: provisioningStateOf(row),
    },
  };
}
