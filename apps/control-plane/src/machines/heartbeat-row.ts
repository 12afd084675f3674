/** Heartbeats as rows: what is kept of them, and what the row of a machine becomes when another comes. Pure. */
import { hash } from 'node:crypto';
import type { HeartbeatRequest, UnchangedHeartbeat } from '@sallyport/model/wire';
import type { RowValue, RowWriting } from '../store/row-writer.ts';
import { forkWeight, parseBeat } from './beat.ts';
import { connectedMilliseconds } from './machine-status.ts';

/** In the order of the columns of {@link heartbeatWriting}. */
export type HeartbeatRow = readonly [vmId: string, ...RowValue[]];

/** What of a heartbeat is another each time. */
export type HeartbeatMoment = Pick<HeartbeatRequest, 'generation' | 'beat'>;

/** What a heartbeat says of its machine, as it is kept. */
export interface HeartbeatContent {
  readonly agentVersion: string;
  readonly agentConfiguration: string;
  readonly serviceStatuses: string;
  readonly system: string;
  /** Of all of these. */
  readonly contentHash: string;
}

/** What a heartbeat says, as it is kept. */
export function contentOf(heartbeat: HeartbeatRequest): HeartbeatContent {
  const { agentVersion } = heartbeat;
  const agentConfiguration = JSON.stringify(heartbeat.agentConfiguration);
  const serviceStatuses = JSON.stringify(heartbeat.serviceStatuses);
  const system = JSON.stringify(heartbeat.system);
  const all = JSON.stringify([agentVersion, agentConfiguration, serviceStatuses, system]);
  return { agentVersion, agentConfiguration, serviceStatuses, system, contentHash: hash('sha256', all, 'base64url') };
}

/** The row of a heartbeat that says all of that. */
export function heartbeatRow(
  vmId: string,
  { agentVersion, agentConfiguration, serviceStatuses, system, contentHash }: HeartbeatContent,
  { generation, beat }: HeartbeatMoment,
  receivedAt: number,
): HeartbeatRow {
  const { number, from } = parseBeat(beat);
  return [
    vmId,
    receivedAt,
    receivedAt,
    agentVersion,
    generation,
    agentConfiguration,
    serviceStatuses,
    system,
    number,
    from,
    0,
    contentHash,
  ];
}

/** The row of one that says that nothing has changed, in the order of the columns that are refreshed. */
export function unchangedRow(
  vmId: string,
  { generation, beat, contentHash }: UnchangedHeartbeat,
  receivedAt: number,
): HeartbeatRow {
  const { number, from } = parseBeat(beat);
  return [vmId, receivedAt, generation, number, from, contentHash];
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
    { name: 'content_hash', type: 'text' },
  ],
  refreshed: ['vm_id', 'received_at', 'generation', 'beat', 'beat_from', 'content_hash'],
  sameWhere: 'content_hash',
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
    content_hash: 'excluded.content_hash',
  },
};
