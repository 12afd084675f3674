/**
 * The one way to the database. Reading is free; a change needs its activity events, and both are one transaction: an event
 * that cannot be written means a change that did not happen (S2.2). Observations (heartbeats, progress, used assertions) are
 * not changes of a resource and go through `observe`, or through `note` when nothing is decided by what was there before.
 *
 * Two databases can be behind it, SQLite and PostgreSQL, and nothing above this folder knows which (decision 0150).
 */
import type { Compilable, Expression, Kysely, SqlBool, Transaction } from 'kysely';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import type { Bells } from './bells.ts';
import { openPostgres } from './postgres/open-postgres.ts';
import type { PostgresAddress } from './postgres/address.ts';
import type { RowWriter, RowWriting } from './row-writer.ts';
import type { Schema } from './schema/schema.ts';
import { openSqlite } from './sqlite/open-sqlite.ts';

/** Reads what is committed. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom'>;
/** Reads and writes within one transaction. */
export type Writer = Pick<Transaction<Schema>, 'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom'>;

/** The outcome of a change, with the events that record it: at least one, or it is not a change. */
export interface Recorded<T> {
  readonly value: T;
  readonly events: readonly [ActivityEvent, ...ActivityEvent[]];
}

/** Builds the query of a lookup. */
export type LookupQuery<Row> = (
  reader: Reader,
  isOneOfTheKeys: (column: string) => Expression<SqlBool>,
) => Compilable<Row>;

export interface StoreFile {
  readonly path: string;
  /** Runs what another thread writes by: only one may write at a time, so no change is made meanwhile. */
  whileAnotherWrites<T>(work: () => Promise<T>): Promise<T>;
}

export interface Store {
  readonly read: Reader;
  /**
   * A query for the rows of some keys, which is asked again and again: built and prepared once. `build` says which column is to be one
   * of the keys.
   */
  lookup<Row>(build: LookupQuery<Row>): (keys: readonly string[]) => Promise<readonly Row[]>;
  /**
   * Runs a change and writes its events in the same transaction. Nothing is kept when either throws. Changes come one after the
   * other, whichever process asks for them: what one has read stays true until it is done.
   */
  change<T>(change: (writer: Writer) => Promise<Recorded<T>>): Promise<T>;
  /** Runs a transaction that may turn out to hold no change; when it returns events they are written with it. */
  observe<T>(
    work: (writer: Writer) => Promise<{ readonly value: T; readonly events: readonly ActivityEvent[] }>,
  ): Promise<T>;
  /** Writes what was observed, in a transaction that waits for no change where the database can do that. It may run twice. */
  note(work: (writer: Writer) => Promise<void>): Promise<void>;
  /** The same for rows that come in groups all the time. */
  rowWriter(writing: RowWriting): RowWriter;
  /** Where another thread may write rows over a connection of its own; undefined where the database is a process of its own anyway. */
  readonly file: StoreFile | undefined;
  /**
   * What was erased is to leave the files of the database as well (S1.7, T50), soon: several at once are one piece of work.
   */
  eraseTraces(): void;
  /** Rings of machines, to and from the other control planes on this store. */
  readonly bells: Bells;
  /** Runs a task unless another control plane on this store is at it right now. */
  lead(task: string, work: () => Promise<void>): Promise<void>;
  /** Runs work once no other control plane on this store runs any under that name. */
  alone<T>(task: string, work: () => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/**
 * Opens the store and brings it up to date: PostgreSQL where an address is given, else SQLite in the state directory. Throws when
 * a migration fails; nothing is half done.
 */
export function openStore(directory: string, postgres?: PostgresAddress): Promise<Store> {
  return postgres === undefined ? openSqlite(directory) : openPostgres(postgres);
}
