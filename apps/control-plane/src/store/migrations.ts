/**
 * How the database came to be: an ordered list, only ever added to. Names begin with the minute they were written in.
 * `schema.sqlite.sql` and `schema.postgres.sql` show the result and a test holds them together.
 */
import { sql, type Kysely } from 'kysely';
import { chainedValues, chainStart, nextHash } from '../activity-log/chain.ts';
import { signInTables } from './migrations/sign-in-tables.ts';
import type { ActivityEventRow } from './schema.ts';

export type StoreKind = 'sqlite' | 'postgres';

/** The same for both databases wherever possible; `kind` is for what cannot be. On PostgreSQL texts are made to sort as in SQLite. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>, kind: StoreKind): Promise<void>;
}

export const migrations: readonly Migration[] = [
  { name: '202611232300-first-tables', up: firstTables },
  { name: '202611250330-roles', up: roleTables },
  { name: '202611250340-operation-progress', up: operationProgress },
  { name: '202611250400-chain', up: chainEvents },
  { name: '202611250430-policy', up: policyTable },
  { name: '202611271840-plain-resources', up: plainResources },
  { name: '202611271841-policy-states', up: policyStates },
  { name: '202611271900-machine-keys', up: machineKeys },
  { name: '202611271910-shared-files', up: sharedFilesTable },
  { name: '202611271920-automatic-upgrade', up: automaticUpgradeTables },
  { name: '202611271930-sign-in', up: signInTables },
];

async function automaticUpgradeTables(db: Kysely<unknown>): Promise<void> {
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

async function operationProgress(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('operations').addColumn('progress', 'text').execute();
}

async function firstTables(db: Kysely<unknown>, kind: StoreKind): Promise<void> {
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

async function machineTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('machines')
    .addColumn('vm_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('subscription_id', 'text', (column) => column.notNull())
    .addColumn('group_key', 'text', (column) => column.notNull())
    .addColumn('group_name', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('location', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('principal_id', 'text', (column) => column.notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .addUniqueConstraint('machines_by_name', ['subscription_id', 'group_key', 'name_key'])
    .execute();
  await db.schema
    .createTable('heartbeats')
    .addColumn('vm_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('received_at', 'bigint', (column) => column.notNull())
    .addColumn('connected_since', 'bigint', (column) => column.notNull())
    .addColumn('agent_version', 'text', (column) => column.notNull())
    .addColumn('generation', 'integer', (column) => column.notNull())
    .addColumn('agent_configuration', 'text', (column) => column.notNull())
    .addColumn('service_statuses', 'text', (column) => column.notNull())
    .addColumn('system', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('extensions')
    .addColumn('vm_id', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('location', 'text', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('extension_key', 'text', (column) => column.notNull())
    .addColumn('publisher', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('type_handler_version', 'text', (column) => column.notNull())
    .addColumn('auto_upgrade_minor_version', 'integer', (column) => column.notNull())
    .addColumn('enable_automatic_upgrade', 'integer')
    .addColumn('force_update_tag', 'text')
    .addColumn('settings', 'text')
    .addColumn('operation_id', 'text', (column) => column.notNull())
    .addColumn('sequence', 'integer', (column) => column.notNull())
    .addColumn('goal', 'text')
    .addColumn('lapse_goal', 'text')
    .addColumn('installed_version', 'text', (column) => column.notNull())
    .addColumn('status', 'text')
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('extensions_key', ['vm_id', 'name_key'])
    .addUniqueConstraint('extensions_by_type', ['vm_id', 'extension_key'])
    .execute();
}

/** Until now there were no roles and every service principal could do everything; those that are there keep that, as Owners. */
async function roleTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('role_definitions')
    .addColumn('role_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull().unique())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('permissions', 'text', (column) => column.notNull())
    .addColumn('assignable_scopes', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('role_assignments')
    .addColumn('assignment_id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('scope_key', 'text', (column) => column.notNull())
    .addColumn('role_id', 'text', (column) => column.notNull())
    .addColumn('principal_id', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .addUniqueConstraint('role_assignments_once', ['principal_id', 'scope_key', 'role_id'])
    .execute();
  await db.schema.createIndex('role_assignments_by_scope').on('role_assignments').column('scope_key').execute();
  await sql`
    INSERT INTO role_assignments
      (assignment_id, scope, scope_key, role_id, principal_id, description, created_at, created_by, changed_at, changed_by)
    SELECT object_id, '/', '/', ${'8e3af657-a8ff-443c-a75c-2fe8c4bcb635'}, object_id,
      'Had every right before there were roles', created_at, 'control-plane', created_at, 'control-plane'
    FROM principals WHERE kind = 'ServicePrincipal'`.execute(db);
}

/** Events that are there already are chained as they stand: from here on a change of them is noticed. */
async function chainEvents(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('activity_events')
    .addColumn('hash', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
  const events = db as Kysely<{ activity_events: ActivityEventRow }>;
  let hash = chainStart;
  for (let after = 0; ;) {
    const rows = await events
      .selectFrom('activity_events')
      .selectAll()
      .where('position', '>', after)
      .orderBy('position')
      .limit(1000)
      .execute();
    for (const row of rows) {
      hash = nextHash(hash, chainedValues(row));
      await events.updateTable('activity_events').set({ hash }).where('position', '=', row.position).execute();
    }
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.position;
  }
}

async function policyTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('policy_objects')
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('scope', 'text', (column) => column.notNull())
    .addColumn('scope_key', 'text', (column) => column.notNull())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('name_key', 'text', (column) => column.notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('created_by', 'text', (column) => column.notNull())
    .addColumn('changed_at', 'bigint', (column) => column.notNull())
    .addColumn('changed_by', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('policy_objects_key', ['kind', 'scope_key', 'name_key'])
    .execute();
}

async function plainResources(db: Kysely<unknown>): Promise<void> {
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

async function policyStates(db: Kysely<unknown>): Promise<void> {
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

/** Keys that are there already have no age: they are renewed at once, and are good until they are. */
async function machineKeys(db: Kysely<unknown>): Promise<void> {
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

/** What several control planes have in common, sealed; empty with SQLite. */
async function sharedFilesTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('shared_files')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .execute();
}
