import { sql, type Kysely } from 'kysely';
import { machineTables } from './machine-tables.ts';
import type { StoreKind } from './migration.ts';

export async function firstTables(db: Kysely<unknown>, kind: StoreKind): Promise<void> {
  await db.schema
    .createTable('subscriptions')
    .addColumn('subscription_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('tenant_id', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('principals')
    .addColumn('object_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('client_id', 'text', (column) => column.notNull().unique())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('display_name', 'text', (column) => column.notNull())
    .addColumn('secret_hash', 'text')
    .addColumn('public_key', 'text', (column) => column.unique())
    .addColumn('vm_id', 'text', (column) => column.unique())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('resource_groups')
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('location', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('resource_groups_key', ['subscription_id', 'name_key'])
    .execute();
  await machineTables(db);
  await db.schema
    .createTable('operations')
    .addColumn('operation_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('vm_id', 'text', (column) => column.notNull())
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('location', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('extension_name_key', 'text', (column) => column.notNull())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('deadline_at', 'bigint', (column) => column.notNull())
    .addColumn('ended_at', 'bigint')
    .addColumn('steps', 'text', (column) => column.notNull())
    .addColumn('error_code', 'text')
    .addColumn('error_message', 'text')
    .addColumn('explanation', 'text')
    .addColumn('origin', 'text', (column) => column.notNull())
    .execute();
  await sql`CREATE INDEX operations_running ON operations (deadline_at) WHERE ended_at IS NULL`.execute(db);
  await sql`CREATE INDEX operations_of_machine ON operations (vm_id) WHERE ended_at IS NULL`.execute(db);
  await sql`CREATE INDEX operations_ended ON operations (ended_at) WHERE ended_at IS NOT NULL`.execute(db);
  await db.schema
    .createTable('activity_events')
    .addColumn('position', kind === 'sqlite' ? 'integer' : 'bigint', (column) =>
      kind === 'sqlite' ? column.primaryKey().autoIncrement() : column.primaryKey(),
    )
    .addColumn('event_data_id', 'text', (column) => column.notNull().unique())
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('event_timestamp', 'text', (column) => column.notNull())
    .addColumn('group_key', 'text', (column) => column.notNull())
    .addColumn('resource_key', 'text', (column) => column.notNull())
    .addColumn('provider_key', 'text', (column) => column.notNull())
    .addColumn('correlation_id', 'text', (column) => column.notNull())
    .addColumn('caller_key', 'text', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('event', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('activity_events_by_time')
    .on('activity_events')
    .columns(['subscription_id', 'event_timestamp'])
    .execute();
  const byResource = db.schema.createIndex('activity_events_by_resource').on('activity_events').column('resource_key');
  // PostgreSQL's ordered indexes take no text longer than a third of a page, and what is refused may have any path.
  await (kind === 'sqlite' ? byResource : byResource.using('hash')).execute();
  await db.schema
    .createIndex('activity_events_by_correlation')
    .on('activity_events')
    .column('correlation_id')
    .execute();
  await db.schema
    .createTable('used_assertions')
    .addColumn('client_id', 'text', (column) => column.notNull())
    .addColumn('jti', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('used_assertions_key', ['client_id', 'jti'])
    .execute();
}
