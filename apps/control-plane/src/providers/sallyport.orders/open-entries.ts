/** The operations of a machine that are not over, as the machine is told of them: what an order has to say. */
import type { GoalExtension } from '@sallyport/model/wire';
import type { Selectable } from 'kysely';
import { readGoal } from '../../machines/extension-goal.ts';
import { readPresented } from '../../machines/operation-orders.ts';
import type { OperationRow } from '../../store/schema/extension-rows.ts';
import type { Reader } from '../../store/store.ts';

export interface OpenEntry {
  readonly entry: GoalExtension;
  readonly operation: Selectable<OperationRow>;
}

/** By when they were asked for. One that somebody wants to end is left out. */
export async function openEntries(reader: Reader, vmId: string): Promise<readonly OpenEntry[]> {
  const operations = await reader
    .selectFrom('operations')
    .selectAll()
    .where('vm_id', '=', vmId)
    .where('ended_at', 'is', null)
    .orderBy('created_at')
    .execute();
  if (operations.length === 0) return [];
  const extensions = await reader
    .selectFrom('extensions')
    .select(['name', 'publisher', 'type', 'goal', 'operation_id'])
    .where('vm_id', '=', vmId)
    .execute();
  const signed = await reader.selectFrom('operation_orders').selectAll().where('vm_id', '=', vmId).execute();
  return operations.flatMap((operation): readonly OpenEntry[] => {
    const extension = extensions.find(({ operation_id }) => operation_id === operation.operation_id);
    const goal = readGoal(extension?.goal ?? null);
    if (extension === undefined || goal?.operationId !== operation.operation_id || goal.cancel === true) return [];
    const { sha256: _ofThePackage, ...wanted } = goal;
    const { name: resourceName, publisher, type } = extension;
    const orders = signed
      .filter(({ operation_id }) => operation_id === operation.operation_id)
      .map(({ presented }) => readPresented(presented));
    const entry = { ...wanted, resourceName, publisher, type, operationDone: false, packageUrls: [], orders };
    return [{ entry, operation }];
  });
}
