import type { Kysely } from 'kysely';
import { chainedValues, chainStart, nextHash } from '../../activity-log/chain.ts';
import type { ActivityEventRow } from '../schema/activity-log-rows.ts';

/** Events that are there already are chained as they stand: from here on a change of them is noticed. */
export async function chainedEvents(db: Kysely<unknown>): Promise<void> {
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
