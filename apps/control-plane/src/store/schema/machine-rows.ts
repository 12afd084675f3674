/** Machines, their keys and what they last said of themselves. */
import type { Generated } from 'kysely';

export interface MachineRow {
  /** The machine's own id, lower case: the key of everything the agent speaks about. */
  readonly vm_id: string;
  readonly subscription_id: string;
  readonly group_key: string;
  readonly group_name: string;
  readonly name_key: string;
  readonly name: string;
  readonly location: string;
  readonly tags: string;
  readonly principal_id: string;
  readonly public_key: string;
  /** Since when it has this key; 0 for one that is to be renewed at once. */
  readonly key_since: number;
  /** Since when it is quarantined, and how its copy was noticed (`QuarantineReason`); null for a machine that is not. */
  readonly quarantined_at: number | null;
  readonly quarantine_reason: string | null;
  /** What of `properties` the creator may set, as JSON. */
  readonly properties: string;
  /** Generation of the goal state; grows with every change of it. */
  readonly generation: number;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** What a machine last said of itself: observations, written in batches, without activity events. */
export interface HeartbeatRow {
  readonly vm_id: string;
  readonly received_at: number;
  /** Since when the machine is connected without a gap. */
  readonly connected_since: number;
  readonly agent_version: string;
  readonly generation: number;
  readonly agent_configuration: string;
  readonly service_statuses: string;
  readonly system: string;
  /** The highest number that a heartbeat has repeated, and the one that that came from (`machines/beat.ts`); 0 for none. */
  readonly beat: number;
  readonly beat_from: number;
  /** Grows when the line of beats forks. */
  readonly forks: number;
  /** Of what the machine says of itself, so that it need not say it again (decision 0245); empty when it was never taken. */
  readonly content_hash: Generated<string>;
}

/** Keys of machines beside the one in `machines`: brought and not used yet, or replaced. */
export interface MachineKeyRow {
  readonly public_key: string;
  readonly vm_id: string;
  readonly state: 'next' | 'retired';
  readonly since: number;
}

/** What a machine last signed about itself, as it came (`machines/take-statement.ts`). */
export interface MachineStatementRow {
  readonly vm_id: string;
  readonly number: number;
  readonly statement: string;
  readonly received_at: number;
}
