/** Automatic upgrade: rollouts, their settings, what was tried. */

/** A version that goes out to the machines of a subscription by itself, since when it is known, and what an operator said of it. */
export interface RolloutRow {
  readonly subscription_id: string;
  readonly extension_key: string;
  readonly version: string;
  readonly known_since: number;
  readonly order_kind: 'halt' | 'resume' | null;
  readonly order_at: number | null;
  readonly order_by: string | null;
}

export interface RolloutSettingsRow {
  readonly subscription_id: string;
  /** JSON (`RolloutSettings`). */
  readonly properties: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

export interface MachineUpgradeSettingsRow {
  readonly vm_id: string;
  /** JSON (`MachineUpgradeSettings`). */
  readonly properties: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** That an extension was upgraded by itself to a version, and how that went. */
export interface AutomaticUpgradeRow {
  readonly vm_id: string;
  readonly extension_name_key: string;
  readonly version: string;
  readonly operation_id: string;
  readonly outcome: 'running' | 'succeeded' | 'failed' | 'refused';
  /** When it began, and from the end on when it ended. */
  readonly at: number;
  readonly reason: string;
}
