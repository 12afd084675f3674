import { readTags } from '../../../arm/tags.ts';
import { betweenParts, taggedMachine } from '../../../resources/tag-keys.ts';
import { idOfMachine } from '../../microsoft.hybridcompute/machine-view.ts';
import { machineType } from '../../microsoft.hybridcompute/provider.ts';
import { orderByGroup } from '../../../resources/reach/reach.ts';
import { inStretch } from '../../../resources/reach/in-stretch.ts';
import { sameText, type Placed, type Source, type SourceQuery } from './source.ts';

/** In the order of their groups and names. */
export const machines: Source = {
  types: [machineType],
  kind: 'machine',
  order: orderByGroup(2),
  read: async (query, stretch, after, limit) => {
    const rows = await select(query)
      .where('subscription_id', '=', query.narrowing.subscriptionId)
      .where(inStretch(['group_key', 'name_key'], stretch, after?.split(betweenParts)))
      .orderBy('group_key')
      .orderBy('name_key')
      .limit(limit)
      .execute();
    return rows.map((row) => shown(row, query.tenantId));
  },
  find: async (query, keys) => {
    const rows = await select(query).where('vm_id', 'in', keys).execute();
    return rows.map((row) => shown(row, query.tenantId));
  },
};

function select({ reader, narrowing: { name, location } }: SourceQuery) {
  const query = reader
    .selectFrom('machines')
    .select(['vm_id', 'subscription_id', 'group_key', 'group_name', 'name_key', 'name', 'location', 'tags'])
    .select(['principal_id', 'created_at', 'changed_at'])
    .where(sameText('location', location));
  return name === undefined ? query : query.where('name_key', '=', name);
}

type MachineOfList = Awaited<ReturnType<ReturnType<typeof select>['execute']>>[number];

function shown(machine: MachineOfList, tenantId: string): Placed {
  return {
    place: taggedMachine(machine).place,
    resource: {
      id: idOfMachine(machine),
      name: machine.name,
      type: machineType,
      location: machine.location,
      tags: readTags(machine.tags),
      identity: { principalId: machine.principal_id, tenantId, type: 'SystemAssigned' },
      group: machine.group_name,
      times: machine,
    },
  };
}
