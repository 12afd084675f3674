import type { Kysely } from 'kysely';

/** What several control planes have in common, sealed; empty with SQLite. */
export async function sharedFiles(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('shared_files')
    .addColumn('name', 'text', (column) => column.primaryKey().notNull())
    .addColumn('sealed', 'text', (column) => column.notNull())
    .execute();
}
