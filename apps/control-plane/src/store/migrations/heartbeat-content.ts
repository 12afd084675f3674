import type { Kysely } from 'kysely';

/** What a machine says of itself has a name, so that a heartbeat can say that it is as it was. */
export async function heartbeatContent(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('heartbeats')
    .addColumn('content_hash', 'text', (column) => column.notNull().defaultTo(''))
    .execute();
}
