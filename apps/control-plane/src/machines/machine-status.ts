/** Whether a machine is connected, from its last heartbeat (arc-agent §8.2). Derived, never stored, so it cannot be stale. */
import type { Selectable } from 'kysely';
import type { MachineRow } from '../store/schema/machine-rows.ts';
import { keyAge } from './key-age.ts';

/** A machine that was silent this long counts as disconnected: 15 minutes. */
export const connectedMilliseconds = 15 * 60 * 1000;

export interface MachineStatus {
  readonly status: 'Connected' | 'Disconnected' | 'AwaitingConnection' | 'Expired' | 'Error';
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** What of a machine its status depends on, beside its heartbeats. */
export type MachineRecord = Pick<Selectable<MachineRow>, 'vm_id' | 'created_at' | 'key_since' | 'quarantined_at'>;

/**
 * The status now. A quarantined machine is in error, whoever sends heartbeats (T73); one whose key has expired cannot come back by
 * itself. Without any heartbeat it is awaited since it was created.
 */
export function machineStatus(
  heartbeat: { readonly received_at: number; readonly connected_since: number } | undefined,
  machine: MachineRecord,
  now: number,
): MachineStatus {
  if (machine.quarantined_at !== null) return { status: 'Error', since: machine.quarantined_at };
  const { expired, expiresAt } = keyAge(machine.key_since, machine.vm_id, now);
  const silentSince = heartbeat === undefined ? 0 : heartbeat.received_at + connectedMilliseconds;
  if (now <= silentSince && heartbeat !== undefined) return { status: 'Connected', since: heartbeat.connected_since };
  if (expired) return { status: 'Expired', since: expiresAt };
  if (heartbeat === undefined) return { status: 'AwaitingConnection', since: machine.created_at };
  return { status: 'Disconnected', since: silentSince };
}
