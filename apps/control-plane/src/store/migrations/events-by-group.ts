import { sql, type Kysely } from 'kysely';
import type { StoreKind } from './migration.ts';

/**
 * The newest events of a group, and those of a resource with what stands beneath it, without reading those of others: for who may read the log
 * of some groups or machines only. By the beginnings of the texts, as an index of PostgreSQL takes no longer ones, and what was refused may
 * have been asked for by a path of any length; no group or resource that exists is longer.
 */
export async function eventsByGroup(db: Kysely<unknown>, kind: StoreKind): Promise<void> {
  await sql`CREATE INDEX activity_events_by_group ON activity_events (subscription_id, substr(group_key, 1, 100), position, event_timestamp)`.execute(
    db,
  );
  // In SQLite it holds the whole text, in its order.
  if (kind === 'sqlite') return;
  await db.schema.dropIndex('activity_events_by_resource').execute();
  await sql`CREATE INDEX activity_events_by_resource ON activity_events (substr(resource_key, 1, 600))`.execute(db);
}
