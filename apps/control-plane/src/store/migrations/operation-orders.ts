import type { Kysely } from 'kysely';

export async function operationOrders(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('operation_orders')
    .addColumn('vm_id', 'text', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('signer', 'text', (column) => column.notNull())
    .addColumn('presented', 'text', (column) => column.notNull())
    .addColumn('added_at', 'bigint', (column) => column.notNull())
    .addColumn('added_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('operation_orders_primary', ['vm_id', 'operation_id', 'signer'])
    .execute();
}
