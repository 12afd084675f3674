/** Whether a machine is connected, from its last heartbeat (arc-agent §8.2). Derived, never stored, so it cannot be stale. */

/** A machine that was silent this long counts as disconnected: 15 minutes. */
export const connectedMilliseconds = 15 * 60 * 1000;

export interface MachineStatus {
  readonly status: 'Connected' | 'Disconnected' | 'AwaitingConnection';
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The status now. Without any heartbeat the machine is awaited since it was created. */
export function machineStatus(
  heartbeat: { readonly received_at: number; readonly connected_since: number } | undefined,
  createdAt: number,
  now: number,
): MachineStatus {
  if (heartbeat === undefined) return { status: 'AwaitingConnection', since: createdAt };
  const silentSince = heartbeat.received_at + connectedMilliseconds;
  if (now > silentSince) return { status: 'Disconnected', since: silentSince };
  return { status: 'Connected', since: heartbeat.connected_since };
}
