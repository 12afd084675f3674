/**
 * Retention: events that are older than they are to be kept are cut off the beginning of the log. A cut is authorised before it is made, by
 * a signed checkpoint that carries it, and is on record itself; nothing else makes a log that begins later pass as intact (T66, T67).
 */
import type { Environment } from '../environment.ts';
import type { Reader, Store } from '../store/store.ts';
import { chainStart, chainedValues, nextHash } from './chain.ts';
import type { CheckpointWriter } from './checkpoint-writer.ts';
import { requestEvents } from './events-of.ts';
import { headOfLog, type LogHead } from './head-of-log.ts';
import { ownOrigin } from './own-origin.ts';

export interface Retention {
  readonly environment: Environment;
  readonly store: Store;
  readonly checkpoints: CheckpointWriter;
  readonly tenantId: string;
  readonly subscriptionId: string;
  readonly days: number;
  /** Events after this position are not exported yet and stay; undefined when nothing is exported. */
  readonly exportedUpTo: () => number | undefined;
}

/** Events that one cut takes at most: it is one transaction, and others wait for it. */
const mostInCut = 5_000;
const dayMilliseconds = 24 * 3_600_000;

/** Cuts off what is too old. Returns how many events are gone. Throws when they are not what was written: then nothing more is cut. */
export async function cutOldEvents(retention: Retention): Promise<number> {
  for (let gone = 0; ;) {
    const cut = await nextCut(retention);
    if (cut === undefined) return gone;
    gone += cut.events;
    await make(retention, cut);
  }
}

interface Cut extends LogHead {
  readonly events: number;
}

async function nextCut({ environment, store, days, exportedUpTo }: Retention): Promise<Cut | undefined> {
  const { read } = store;
  const before = new Date(environment.now() - days * dayMilliseconds).toISOString();
  const mostPosition = Math.min(
    // The newest event is what the next one follows on.
    (await headOfLog(read)).position - 1,
    exportedUpTo() ?? Number.MAX_SAFE_INTEGER,
    await followedUpTo(read),
  );
  const rows = await read.selectFrom('activity_events').selectAll().orderBy('position').limit(mostInCut).execute();
  const [first] = rows;
  if (first === undefined) return undefined;
  let hash = await hashBefore(read, first.position);
  let cut: Cut | undefined;
  for (const row of rows) {
    if (row.event_timestamp >= before || row.position > mostPosition) break;
    hash = nextHash(hash, chainedValues(row));
    if (hash !== row.hash)
      throw new Error(
        `The chain of the activity log breaks at position ${row.position}; what is not intact is not cut off. 'verify-activity-log' says more`,
      );
    cut = { position: row.position, hash, events: (cut?.events ?? 0) + 1 };
  }
  return cut;
}

/** Whoever follows the log has to have seen what is cut off. */
async function followedUpTo(reader: Reader): Promise<number> {
  const rows = await reader.selectFrom('followed_logs').select('position').execute();
  return Math.min(Number.MAX_SAFE_INTEGER, ...rows.map(({ position }) => position));
}

async function hashBefore(reader: Reader, position: number): Promise<string> {
  if (position === 1) return chainStart;
  const row = await reader
    .selectFrom('activity_cuts')
    .select('hash')
    .where('position', '=', position - 1)
    .executeTakeFirst();
  if (row !== undefined) return row.hash;
  throw new Error(`The activity log begins at position ${position} and was not cut there by retention`);
}

async function make(retention: Retention, { position, hash, events }: Cut): Promise<void> {
  const { environment, store, checkpoints, tenantId, subscriptionId, days } = retention;
  const checkpoint = await checkpoints.writeCut({ position, hash });
  const resourceId = `/subscriptions/${subscriptionId}/providers/Sallyport.ActivityLog/retention/default`;
  const action = 'Sallyport.ActivityLog/retention/cut/action';
  const origin = ownOrigin(environment, tenantId, subscriptionId, resourceId, action);
  const description = `${events} events up to position ${position}, older than ${days} days, were removed.`;
  await store.change(async (writer) => {
    await writer.insertInto('activity_cuts').values({ position, hash, checkpoint }).execute();
    await writer.deleteFrom('activity_events').where('position', '<=', position).execute();
    const [started, ended] = requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
    return { value: undefined, events: [started, { ...ended, description }] };
  });
}
