/** Heartbeats as rows: what is kept of them, and what the row of a machine becomes when another comes. Pure. */
import type { HeartbeatRequest } from '@sallyport/model/wire';
import type { RowValue, RowWriting } from '../store/row-writer.ts';
import { forkWeight, parseBeat } from './beat.ts';
import { connectedMilliseconds } from './machine-status.ts';

/** In the order of the columns of {@link heartbeatWriting}. */
export type HeartbeatRow = readonly [vmId: string, ...RowValue[]];

/** The row of a heartbeat. */
export function heartbeatRow(vmId: string, heartbeat: HeartbeatRequest, now: number): HeartbeatRow {
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
export const heartbeatWriting: RowWriting = {
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
