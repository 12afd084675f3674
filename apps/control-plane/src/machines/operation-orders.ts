/**
 * What operators signed of operations that are not over (T10). This control plane carries it and decides nothing by it: the server
 * verifies all of it.
 */
import { presentedOrderSchema, type PresentedOrder } from '@sallyport/model/wire';
import * as z from 'zod/mini';
import type { Writer } from '../store/store.ts';

/** Reads the stored text. */
export function readPresented(text: string): PresentedOrder {
  return z.parse(presentedOrderSchema, JSON.parse(text));
}

/** The operation is over: nobody needs what was signed of it. */
export async function forgetOrders(
  writer: Writer,
  operation: { readonly vm_id: string; readonly operation_id: string },
): Promise<void> {
  await writer
    .deleteFrom('operation_orders')
    .where('vm_id', '=', operation.vm_id)
    .where('operation_id', '=', operation.operation_id)
    .execute();
}

/** The machine has the protected settings: what was sealed with orders has served its purpose, as the copy in the goal has (S1.7). */
export async function eraseSealed(writer: Writer, vmId: string, operationId: string): Promise<void> {
  const rows = await writer
    .selectFrom('operation_orders')
    .select(['signer', 'presented'])
    .where('vm_id', '=', vmId)
    .where('operation_id', '=', operationId)
    .execute();
  for (const { signer, presented } of rows) {
    const { sealed: _erased, ...order } = readPresented(presented);
    await writer
      .updateTable('operation_orders')
      .set({ presented: JSON.stringify(order) })
      .where('vm_id', '=', vmId)
      .where('operation_id', '=', operationId)
      .where('signer', '=', signer)
      .execute();
  }
}
