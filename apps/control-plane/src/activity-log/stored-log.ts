/**
 * The stored log as whoever verifies it reads it: in order, page by page, without a control plane and without writing anything. It can be
 * read from several places at once, each over a connection of its own.
 */
import type { PostgresAddress } from '../store/postgres/address.ts';
import type { StoreAddress } from '../store/store-address.ts';
import type { LogHead } from './head-of-log.ts';

/** Position, hash, then the values of the chained columns. */
export type StoredEvent = readonly [position: number, hash: string, ...values: string[]];

/** Where a log is: enough for another thread to open it. */
export type LogAddress = StoreAddress | { readonly kind: 'export'; readonly directory: string };

/** A part of a log. What its ends are counted in is the log's own affair: positions, or files. */
export interface Stretch {
  readonly after: number;
  /** Up to and with this one; to the end of the log when left out. */
  readonly upTo?: number | undefined;
}

/** A place between two events at which the log can be read on from. */
export interface Joint {
  /** The end of one stretch, and what the next is after. */
  readonly at: number;
  /** The last event before it, as it is stored. */
  readonly head: LogHead;
}

export interface StoredLog {
  readonly address: LogAddress;
  /** The events of a stretch in their order, at most {@link eventsOnPage} at a time. */
  pages(stretch: Stretch): AsyncGenerator<readonly StoredEvent[], void>;
  /** About how many events there are: what costs next to nothing to find out. */
  size(): Promise<number>;
  /** Where the log falls into so many stretches of about the same length, in order. Fewer where it does not. */
  joints(stretches: number): Promise<readonly Joint[]>;
  /** The signed checkpoints that came with its cuts, newest last. */
  cuts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Measured: pages of a thousand rows as arrays read twice as fast as one row at a time, or as objects. */
export const eventsOnPage = 1000;

/** Opens a log. Each kind is loaded when it is asked for: a thread that reads a file has no use for a database's driver. */
export async function openStoredLog(address: LogAddress): Promise<StoredLog> {
  switch (address.kind) {
    case 'sqlite':
      return (await import('./sqlite-log.ts')).sqliteLog(address.path);
    case 'postgres':
      return (await import('./postgres-log.ts')).postgresLog(address.address);
    case 'export':
      return (await import('./exported-log.ts')).exportedLog(address.directory);
  }
}

/** Where the log of a control plane is: in PostgreSQL where an address is given, else in the SQLite file. */
export function logAddress(path: string, postgres: PostgresAddress | undefined): LogAddress {
  return postgres === undefined ? { kind: 'sqlite', path } : { kind: 'postgres', address: postgres };
}
