/** Heartbeats made durable in groups: whatever arrived while the last commit ran is the next commit (measured best: no timer). */
import type { HeartbeatRequest } from '@sallyport/model/wire';
import { sql, type Insertable } from 'kysely';
import type { Environment } from '../environment.ts';
import type { HeartbeatRow } from '../store/schema/machine-rows.ts';
import type { Store } from '../store/store.ts';
import { forkWeight, parseBeat } from './beat.ts';
import { connectedMilliseconds } from './machine-status.ts';

export interface HeartbeatRecorder {
  /** Resolves when the heartbeat is on disk. */
  record(vmId: string, heartbeat: HeartbeatRequest): Promise<void>;
}

/** Rows in one statement: 11 values each, well under SQLite's 32,766 parameters. */
const largestBatch = 1000;

/** A recorder over the store. */
export function createHeartbeatRecorder(environment: Environment, store: Store): HeartbeatRecorder {
  let pending = new Map<string, Insertable<HeartbeatRow>>();
  let batch: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function commit(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await last;
    // Always in one order: two control planes that write the same machines cannot stand in each other's way.
    const rows = [...pending.values()].sort((a, b) => (a.vm_id < b.vm_id ? -1 : 1));
    pending = new Map();
    batch = undefined;
    const writing = writeAll(store, rows);
    last = writing.catch(() => undefined);
    await writing;
  }

  return {
    record: (vmId, heartbeat) => {
      const now = environment.now();
      const beat = parseBeat(heartbeat.beat);
      pending.set(vmId, {
        vm_id: vmId,
        received_at: now,
        connected_since: now,
        agent_version: heartbeat.agentVersion,
        generation: heartbeat.generation,
        agent_configuration: JSON.stringify(heartbeat.agentConfiguration),
        service_statuses: JSON.stringify(heartbeat.serviceStatuses),
        system: JSON.stringify(heartbeat.system),
        beat: beat.number,
        beat_from: beat.from,
        forks: 0,
      });
      batch ??= commit();
      return batch;
    },
  };
}

/**
 * Where the line of beats stands (`beat.ts`). The first number of a process (it comes from 0) begins it anew; one that does not come
 * from the last is a fork. An earlier one is late, and says nothing. Written twice it changes nothing the second time.
 */
const lineOfBeats = {
  beat: sql<number>`CASE WHEN excluded.beat > heartbeats.beat THEN excluded.beat ELSE heartbeats.beat END`,
  beat_from: sql<number>`CASE WHEN excluded.beat > heartbeats.beat THEN excluded.beat_from ELSE heartbeats.beat_from END`,
  forks: sql<number>`CASE
    WHEN excluded.beat <= heartbeats.beat THEN heartbeats.forks
    WHEN excluded.beat_from <> 0 AND heartbeats.beat <> 0 AND excluded.beat_from <> heartbeats.beat
      THEN heartbeats.forks + ${sql.lit(forkWeight)}
    WHEN heartbeats.forks > 0 THEN heartbeats.forks - 1
    ELSE 0 END`,
};

async function writeAll(store: Store, rows: readonly Insertable<HeartbeatRow>[]): Promise<void> {
  for (let at = 0; at < rows.length; at += largestBatch) await write(store, rows.slice(at, at + largestBatch));
}

async function write(store: Store, rows: readonly Insertable<HeartbeatRow>[]): Promise<void> {
  await store.note(async (writer) => {
    await writer
      .insertInto('heartbeats')
      .values(rows)
      .onConflict((conflict) =>
        conflict.column('vm_id').doUpdateSet((row) => ({
          received_at: row.ref('excluded.received_at'),
          // A gap longer than a connected machine may be silent begins a new connection.
          connected_since: sql<number>`CASE WHEN excluded.received_at - heartbeats.received_at > ${sql.lit(connectedMilliseconds)} THEN excluded.received_at ELSE heartbeats.connected_since END`,
          agent_version: row.ref('excluded.agent_version'),
          generation: row.ref('excluded.generation'),
          agent_configuration: row.ref('excluded.agent_configuration'),
          service_statuses: row.ref('excluded.service_statuses'),
          system: row.ref('excluded.system'),
          ...lineOfBeats,
        })),
      )
      .execute();
  });
}
