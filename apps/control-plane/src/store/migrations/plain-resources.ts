import type { Kysely } from 'kysely';

export async function plainResources(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('plain_resources')
    .addColumn('resource_key', 'text', (column) => column.primaryKey().notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('group_key', 'text', (column) => column.notNull())
    .addColumn('location', 'text')
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('plain_resources_by_type')
    .on('plain_resources')
    .columns(['type', 'resource_key'])
    .execute();
  await db.schema
    .alterTable('subscriptions')
    .addColumn('tags', 'text', (column) => column.notNull().defaultTo('{}'))
    .execute();
}
