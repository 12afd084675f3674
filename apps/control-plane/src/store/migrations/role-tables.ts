import { sql, type Kysely } from 'kysely';

/** Until now there were no roles and every service principal could do everything; those that are there keep that, as Owners. */
export async function roleTables(db: Kysely<unknown>): Promise<void> {
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
