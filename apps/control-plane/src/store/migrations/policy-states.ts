import type { Kysely } from 'kysely';

export async function policyStates(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('policy_objects').addColumn('location', 'text').execute();
  await db.schema.alterTable('policy_objects').addColumn('principal_id', 'text').execute();
  await db.schema
    .createTable('policy_states')
    .addColumn('resource_key', 'text', (column) => column.notNull())
    .addColumn('assignment_key', 'text', (column) => column.notNull())
    .addColumn('reference_key', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('evaluated_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_states_key', ['resource_key', 'assignment_key', 'reference_key'])
    .execute();
  await db.schema
    .createIndex('policy_states_by_assignment')
    .on('policy_states')
    .columns(['assignment_key', 'resource_key'])
    .execute();
  await db.schema
    .createTable('policy_due')
    .addColumn('scope_key', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('reach', 'text', (column) => column.notNull())
    .addColumn('due_at', 'bigint', (column) => column.notNull())
    .addColumn('written_at', 'bigint')
    .addColumn('done_until', 'bigint', (column) => column.notNull())
    .addColumn('place', 'text')
    .addPrimaryKeyConstraint('policy_due_key', ['scope_key', 'reach'])
    .execute();
  await db.schema.createIndex('policy_due_by_time').on('policy_due').column('due_at').execute();
  await db.schema
    .createTable('followed_logs')
    .addColumn('follower', 'text', (column) => column.primaryKey().notNull())
    .addColumn('position', 'bigint', (column) => column.notNull())
    .execute();
}
