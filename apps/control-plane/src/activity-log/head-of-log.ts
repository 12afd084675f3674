import type { Reader } from '../store/store.ts';
import { chainStart } from './chain.ts';

/** Where the log ends: the position and hash of its newest event. */
export interface LogHead {
  readonly position: number;
  readonly hash: string;
}

/** The end of the log; position 0 while it is empty. */
export async function headOfLog(reader: Reader): Promise<LogHead> {
  const row = await reader
    .selectFrom('activity_events')
    .select(['position', 'hash'])
    .orderBy('position', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row ?? { position: 0, hash: chainStart };
}
