import type { Kysely } from 'kysely';

/** Where the activity log was cut, each with what authorises it (decision 0197). */
export async function activityCuts(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('activity_cuts')
    .addColumn('position', 'bigint', (column) => column.primaryKey().notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addColumn('checkpoint', 'text', (column) => column.notNull())
    .execute();
}
