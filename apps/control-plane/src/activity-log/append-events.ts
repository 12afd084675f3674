import type { Insertable } from 'kysely';
import type { ActivityEventRow } from '../store/schema/activity-log-rows.ts';
import type { Writer } from '../store/store.ts';
import type { ActivityEvent } from './activity-event.ts';
import { chainedValues, nextHash } from './chain.ts';
import { eventRow } from './event-row.ts';
import type { LogHead } from './head-of-log.ts';

/** Twelve values each, well under the 32,766 parameters of a statement. */
const mostInStatement = 500;

/**
 * Adds events after `head`, in the caller's transaction, and returns the new end of the log. One writer at a time, or the chain
 * would fork; two that tried would want the same position, and the second could not be written.
 */
export async function appendEvents(writer: Writer, head: LogHead, events: readonly ActivityEvent[]): Promise<LogHead> {
  if (events.length === 0) return head;
  let { position, hash } = head;
  const rows: Insertable<ActivityEventRow>[] = [];
  for (const event of events) {
    const row = eventRow(event);
    position += 1;
    hash = nextHash(hash, chainedValues(row));
    rows.push({ ...row, position, hash });
  }
  for (let at = 0; at < rows.length; at += mostInStatement) {
    await writer
      .insertInto('activity_events')
      .values(rows.slice(at, at + mostInStatement))
      .execute();
  }
  return { position, hash };
}
