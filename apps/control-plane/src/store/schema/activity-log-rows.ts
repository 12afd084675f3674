/** The activity log, and who follows it. */

export interface ActivityEventRow {
  /** From 1, without gaps. */
  readonly position: number;
  readonly event_data_id: string;
  readonly subscription_id: string;
  /** ISO 8601, UTC, milliseconds: sorts as text. */
  readonly event_timestamp: string;
  readonly group_key: string;
  readonly resource_key: string;
  readonly provider_key: string;
  readonly correlation_id: string;
  readonly caller_key: string;
  readonly status: string;
  /** The whole event as served. */
  readonly event: string;
  /** Covers this row and the hash of the one before it (`activity-log/chain.ts`). */
  readonly hash: string;
}

/** A place that the log was cut at: everything up to it is gone, as retention wants. */
export interface ActivityCutRow {
  /** Of the last event that is gone. */
  readonly position: number;
  /** Of that event: what the next one's hash begins with. */
  readonly hash: string;
  /** The signed checkpoint that carries the cut. */
  readonly checkpoint: string;
}

/** How far the activity log has been followed. One row for each who follows. */
export interface FollowedLogRow {
  readonly follower: string;
  readonly position: number;
}
