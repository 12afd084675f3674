import { sql, type Kysely } from 'kysely';

/** Keys that are there already have no age: they are renewed at once, and are good until they are. */
export async function machineKeys(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('machine_keys')
    .addColumn('public_key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('vm_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('since', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('machine_keys_of_machine').on('machine_keys').column('vm_id').execute();
  await db.schema
    .alterTable('machines')
    .addColumn('key_since', 'bigint', (column) => column.notNull().defaultTo(0))
    .execute();
  await db.schema.alterTable('machines').addColumn('quarantined_at', 'bigint').execute();
  await db.schema.alterTable('machines').addColumn('quarantine_reason', 'text').execute();
  for (const [name, type] of [
    ['beat', 'bigint'],
    ['beat_from', 'bigint'],
    ['forks', 'integer'],
  ] as const) {
    await db.schema
      .alterTable('heartbeats')
      .addColumn(name, type, (column) => column.notNull().defaultTo(0))
      .execute();
  }
  await sql`CREATE INDEX heartbeats_forked ON heartbeats (vm_id) WHERE forks >= 12`.execute(db);
}
