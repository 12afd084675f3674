/** Heartbeats made durable in groups: whatever arrived while the last commit ran is the next commit (measured best: no timer). */
import type { HeartbeatRequest } from '@sallyport/model/wire';
import type { Environment } from '../environment.ts';
import type { RowValue, RowWriting } from '../store/row-writer.ts';
import type { Store } from '../store/store.ts';
import { forkWeight, parseBeat } from './beat.ts';
import { connectedMilliseconds } from './machine-status.ts';

export interface HeartbeatRecorder {
  /** Resolves when the heartbeat is on disk. */
  record(vmId: string, heartbeat: HeartbeatRequest): Promise<void>;
}

/** A recorder over the store. */
export function createHeartbeatRecorder(environment: Environment, store: Store): HeartbeatRecorder {
  const write = store.rowWriter(writing);
  let pending = new Map<string, Row>();
  let batch: Promise<void> | undefined;
  let last: Promise<unknown> = Promise.resolve();

  async function commit(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    await last;
    // Always in one order: two control planes that write the same machines cannot stand in each other's way.
    const rows = [...pending.values()].sort(([a], [b]) => (a < b ? -1 : 1));
    pending = new Map();
    batch = undefined;
    const written = write(rows);
    last = written.catch(() => undefined);
    await written;
  }

  return {
    record: (vmId, heartbeat) => {
      pending.set(vmId, rowOf(vmId, heartbeat, environment.now()));
      batch ??= commit();
      return batch;
    },
  };
}

/** In the order of the columns of {@link writing}. */
type Row = readonly [vmId: string, ...RowValue[]];

function rowOf(vmId: string, heartbeat: HeartbeatRequest, now: number): Row {
  const beat = parseBeat(heartbeat.beat);
  return [
    vmId,
    now,
    now,
    heartbeat.agentVersion,
    heartbeat.generation,
    JSON.stringify(heartbeat.agentConfiguration),
    JSON.stringify(heartbeat.serviceStatuses),
    JSON.stringify(heartbeat.system),
    beat.number,
    beat.from,
    0,
  ];
}

/**
 * `beat`, `beat_from` and `forks`: where the line of beats stands (`beat.ts`). The first number of a process (it comes from 0) begins
 * it anew; one that does not come from the last is a fork. An earlier one is late, and says nothing. Written twice it changes nothing
 * the second time.
 */
const writing: RowWriting = {
  table: 'heartbeats',
  key: 'vm_id',
  columns: [
    { name: 'vm_id', type: 'text' },
    { name: 'received_at', type: 'bigint' },
    { name: 'connected_since', type: 'bigint' },
    { name: 'agent_version', type: 'text' },
    { name: 'generation', type: 'integer' },
    { name: 'agent_configuration', type: 'text' },
    { name: 'service_statuses', type: 'text' },
    { name: 'system', type: 'text' },
    { name: 'beat', type: 'bigint' },
    { name: 'beat_from', type: 'bigint' },
    { name: 'forks', type: 'integer' },
  ],
  updates: {
    received_at: 'excluded.received_at',
    // A gap longer than a connected machine may be silent begins a new connection.
    connected_since: `CASE WHEN excluded.received_at - heartbeats.received_at > ${connectedMilliseconds} THEN excluded.received_at ELSE heartbeats.connected_since END`,
    agent_version: 'excluded.agent_version',
    generation: 'excluded.generation',
    agent_configuration: 'excluded.agent_configuration',
    service_statuses: 'excluded.service_statuses',
    system: 'excluded.system',
    beat: 'CASE WHEN excluded.beat > heartbeats.beat THEN excluded.beat ELSE heartbeats.beat END',
    beat_from: 'CASE WHEN excluded.beat > heartbeats.beat THEN excluded.beat_from ELSE heartbeats.beat_from END',
    forks: `CASE
      WHEN excluded.beat <= heartbeats.beat THEN heartbeats.forks
      WHEN excluded.beat_from <> 0 AND heartbeats.beat <> 0 AND excluded.beat_from <> heartbeats.beat
        THEN heartbeats.forks + ${forkWeight}
      WHEN heartbeats.forks > 0 THEN heartbeats.forks - 1
      ELSE 0 END`,
  },
};
