import type { Writer } from '../store/store.ts';
import type { ActivityEvent } from './activity-event.ts';
import { chainedValues, chainStart, nextHash } from './chain.ts';
import { headOfLog } from './head-of-log.ts';
import { eventRow } from './event-row.ts';

/** Adds events to the end of the chain, in the caller's transaction. One writer at a time, or the chain would fork. */
export async function appendEvents(writer: Writer, events: readonly ActivityEvent[]): Promise<void> {
  if (events.length === 0) return;
  let hash = (await headOfLog(writer))?.hash ?? chainStart;
  for (const event of events) {
    const row = eventRow(event);
    hash = nextHash(hash, chainedValues(row));
    await writer
      .insertInto('activity_events')
      .values({ ...row, hash })
      .execute();
  }
}
