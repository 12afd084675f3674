import { sql, type Kysely } from 'kysely';

export async function automaticUpgradeTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('rollouts')
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('extension_key', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('known_since', 'bigint', (column) => column.notNull())
    .addColumn('order_kind', 'text')
    .addColumn('order_at', 'bigint')
    .addColumn('order_by', 'text')
    .addPrimaryKeyConstraint('rollouts_key', ['subscription_id', 'extension_key', 'version'])
    .execute();
  await db.schema
    .createTable('rollout_settings')
    .addColumn('subscription_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('machine_upgrade_settings')
    .addColumn('vm_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('automatic_upgrades')
    .addColumn('vm_id', 'text', (column) => column.notNull())
    .addColumn('extension_name_key', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('outcome', 'text', (column) => column.notNull())
    .addColumn('at', 'bigint', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('automatic_upgrades_key', ['vm_id', 'extension_name_key', 'version'])
    .execute();
  await sql`CREATE INDEX extensions_by_version ON extensions (extension_key, installed_version)`.execute(db);
}
