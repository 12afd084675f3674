/**
 * The one way to the database. Reading is free; a change needs its activity events, and both are one transaction: an event
 * that cannot be written means a change that did not happen (S2.2). Observations (heartbeats, progress, used assertions) are
 * not changes of a resource and go through `observe`.
 */
import { join } from 'node:path';
import { Kysely, sql, SqliteDialect, type Transaction } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { ActivityEvent } from '../activity-log/activity-event.ts';
import { appendEvents } from '../activity-log/append-events.ts';
import { migrations } from './migrations.ts';
import { openNodeSqlite } from './node-sqlite.ts';
import type { Schema } from './schema.ts';

/** Reads what is committed. */
export type Reader = Pick<Kysely<Schema>, 'selectFrom'>;
/** Reads and writes within one transaction. */
export type Writer = Pick<Transaction<Schema>, 'selectFrom' | 'insertInto' | 'updateTable' | 'deleteFrom'>;

/** The outcome of a change, with the events that record it: at least one, or it is not a change. */
export interface Recorded<T> {
  readonly value: T;
  readonly events: readonly [ActivityEvent, ...ActivityEvent[]];
}

export interface Store {
  readonly read: Reader;
  /** Runs a change and writes its events in the same transaction. Nothing is kept when either throws. */
  change<T>(change: (writer: Writer) => Promise<Recorded<T>>): Promise<T>;
  /** Runs a transaction that may turn out to hold no change; when it returns events they are written with it. */
  observe<T>(
    work: (writer: Writer) => Promise<{ readonly value: T; readonly events: readonly ActivityEvent[] }>,
  ): Promise<T>;
  /**
   * What was erased is to leave the files of the database as well (S1.7, T50), soon: several at once are one piece of work.
   * Its content is overwritten where it stood (`secure_delete`); this empties the journal that still holds it.
   */
  eraseTraces(): void;
  close(): Promise<void>;
}

/** How long what was erased may stay in the journal. Milliseconds. */
const eraseMilliseconds = 200;

/** Opens the SQLite store in a directory and brings it up to date. Throws when a migration fails; nothing is half done. */
export async function openStore(directory: string): Promise<Store> {
  const path = join(directory, 'sallyport.sqlite');
  const writing = new Kysely<Schema>({ dialect: new SqliteDialect({ database: openNodeSqlite(path, 'writer') }) });
  await migrate(writing);
  const reading = new Kysely<Schema>({ dialect: new SqliteDialect({ database: openNodeSqlite(path, 'reader') }) });
  async function transact<T>(
    work: (writer: Writer) => Promise<{ readonly value: T; readonly events: readonly ActivityEvent[] }>,
  ): Promise<T> {
    return writing.transaction().execute(async (transaction) => {
      const { value, events } = await work(transaction);
      await appendEvents(transaction, events);
      return value;
    });
  }
  let erasing: NodeJS.Timeout | undefined;
  const checkpoint = async (): Promise<void> => {
    erasing = undefined;
    const { rows } = await sql<{ readonly busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`.execute(writing);
    // Somebody was reading what it held.
    if (rows[0]?.busy !== 0) eraseTraces();
  };
  const eraseTraces = (): void => {
    erasing ??= setTimeout(() => {
      // Closed meanwhile, which empties it too; or a disk that does not take it, which the next change tells of.
      checkpoint().catch(() => undefined);
    }, eraseMilliseconds).unref();
  };
  return {
    eraseTraces,
    read: reading,
    change: transact,
    observe: transact,
    close: async () => {
      clearTimeout(erasing);
      await reading.destroy();
      await writing.destroy();
    },
  };
}

async function migrate(db: Kysely<Schema>): Promise<void> {
  const list = Object.fromEntries(migrations.map((migration) => [migration.name, migration]));
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(list) } });
  const { error } = await migrator.migrateToLatest();
  if (error !== undefined) throw new Error('The database could not be brought up to date.', { cause: error });
}
