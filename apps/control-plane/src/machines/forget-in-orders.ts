import type { Writer } from '../store/store.ts';
import { namesBefore } from './provision-order.ts';

/** An extension that is deleted comes before nobody any more: whoever named it can be changed and upgraded without it. */
export async function forgetInOrders(writer: Writer, vmId: string, nameKey: string): Promise<void> {
  const rows = await writer
    .selectFrom('extensions')
    .select(['name_key', 'provision_after'])
    .where('vm_id', '=', vmId)
    .where('provision_after', 'is not', null)
    .execute();
  for (const row of rows) {
    const before = namesBefore(row.provision_after);
    const left = before.filter((name) => name.toLowerCase() !== nameKey);
    if (left.length === before.length) continue;
    await writer
      .updateTable('extensions')
      .set({ provision_after: left.length === 0 ? null : JSON.stringify(left) })
      .where('vm_id', '=', vmId)
      .where('name_key', '=', row.name_key)
      .execute();
  }
}
