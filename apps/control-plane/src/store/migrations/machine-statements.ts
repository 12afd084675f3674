import type { Kysely } from 'kysely';

export async function machineStatements(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('machine_statements')
    .addColumn('vm_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('number', 'bigint', (column) => column.notNull())
    .addColumn('statement', 'text', (column) => column.notNull())
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .execute();
}
