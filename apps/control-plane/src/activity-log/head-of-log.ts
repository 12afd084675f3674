import type { Reader } from '../store/store.ts';

/** The newest event of the log, or undefined while it is empty. */
export function headOfLog(reader: Reader): Promise<{ readonly position: number; readonly hash: string } | undefined> {
  return reader
    .selectFrom('activity_events')
    .select(['position', 'hash'])
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
}
