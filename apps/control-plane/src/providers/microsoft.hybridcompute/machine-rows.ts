/** Looking up machines and their groups for the handlers of this provider. */
import type { ResourceId } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { Reader } from '../../store/store.ts';
import type { Heartbeat, Machine } from './machine-view.ts';

/** The names in the id of a machine or of something under it. */
export function machineNames(id: ResourceId): {
  readonly subscriptionId: string;
  readonly group: string;
  readonly machine: string;
} {
  return {
    subscriptionId: id.subscriptionId ?? '',
    group: id.resourceGroup ?? '',
    machine: id.providers.at(-1)?.names[0] ?? '',
  };
}

/** The machine that an id names, or undefined. */
export function findMachine(reader: Reader, id: ResourceId): Promise<Machine | undefined> {
  const { subscriptionId, group, machine } = machineNames(id);
  return reader
    .selectFrom('machines')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .where('group_key', '=', group.toLowerCase())
    .where('name_key', '=', machine.toLowerCase())
    .executeTakeFirst();
}

/** The machine that the id of an extension stands under. Throws {@link ArmError} `ParentResourceNotFound`. */
export async function parentMachine(reader: Reader, id: ResourceId): Promise<Machine> {
  const found = await findMachine(reader, id);
  if (found !== undefined) return found;
  const { group, machine } = machineNames(id);
  throw new ArmError(
    'ParentResourceNotFound',
    `Can not perform requested operation on nested resource. Parent resource 'Microsoft.HybridCompute/machines/${machine}' not found in resource group '${group}'.`,
  );
}

/** The last heartbeat of a machine, if there was one. */
export function heartbeatOf(reader: Reader, vmId: string): Promise<Heartbeat | undefined> {
  return reader.selectFrom('heartbeats').selectAll().where('vm_id', '=', vmId).executeTakeFirst();
}

/** What the machine that an id names last said of its system (JSON), if it was heard. */
export async function reportedSystem(reader: Reader, id: ResourceId): Promise<string | undefined> {
  const { subscriptionId, group, machine } = machineNames(id);
  const heard = await reader
    .selectFrom('heartbeats')
    .innerJoin('machines', 'machines.vm_id', 'heartbeats.vm_id')
    .select('system')
    .where('subscription_id', '=', subscriptionId)
    .where('group_key', '=', group.toLowerCase())
    .where('name_key', '=', machine.toLowerCase())
    .executeTakeFirst();
  return heard?.system;
}

/** The stored spelling of a group. Throws {@link ArmError} `ResourceGroupNotFound`. */
export async function storedGroup(reader: Reader, subscriptionId: string, name: string): Promise<string> {
  const row = await reader
    .selectFrom('resource_groups')
    .select('name')
    .where('subscription_id', '=', subscriptionId)
    .where('name_key', '=', name.toLowerCase())
    .executeTakeFirst();
  if (row === undefined) throw new ArmError('ResourceGroupNotFound', `Resource group '${name}' could not be found.`);
  return row.name;
}
