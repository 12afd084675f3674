/**
 * The hash chain of the activity log: each event's hash covers the one before it and every column of its own row, so that
 * nothing in between can be changed, removed, inserted or put in another order unnoticed (T66). Every event since the first
 * is in it: there is no unsealed line that the chain could be begun anew at (T68).
 */
import { hash } from 'node:crypto';
import type { Insertable } from 'kysely';
import type { ActivityEventRow } from '../store/schema/activity-log-rows.ts';

/** What the first event's hash covers in the place of one before it. */
export const chainStart = '0'.repeat(64);

/** The columns that a hash covers, in this order. */
export const chainedColumns = [
  'event_data_id',
  'subscription_id',
  'event_timestamp',
  'group_key',
  'resource_key',
  'provider_key',
  'correlation_id',
  'caller_key',
  'status',
  'event',
] as const;

/** The columns of a row in the order of {@link chainedColumns}. */
export function chainedValues(row: Pick<Insertable<ActivityEventRow>, (typeof chainedColumns)[number]>): string[] {
  return chainedColumns.map((column) => row[column]);
}

/** The hash (SHA-256, hex) of an event after another. Lengths stand before values, so that no value can pass for two. */
export function nextHash(previous: string, values: readonly string[]): string {
  // Measured: put together in a loop it takes an eighth of what mapping and joining takes, and verifying is mostly this.
  let text = previous;
  for (const value of values) text += `${value.length}:${value}`;
  return hash('sha256', text, 'hex');
}
