import type { Writer } from '../store/store.ts';

/** Raises the generation of a machine's goal state and returns the new one. Ring the doorbell once the transaction is committed. */
export async function raiseGeneration(writer: Writer, vmId: string): Promise<number> {
  const { generation } = await writer
    .updateTable('machines')
    .set((row) => ({ generation: row('generation', '+', 1) }))
    .where('vm_id', '=', vmId)
    .returning('generation')
    .executeTakeFirstOrThrow();
  return generation;
}
