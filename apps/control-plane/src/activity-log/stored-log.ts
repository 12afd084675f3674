/** The stored log as whoever verifies it reads it: in order, page by page, without a control plane and without writing anything. */
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import type { PostgresAddress } from '../store/postgres/address.ts';
import { clientOptions } from '../store/postgres/pool.ts';
import { chainedColumns } from './chain.ts';

/** Position, hash, then the values of {@link chainedColumns}. */
export type StoredEvent = readonly [position: number, hash: string, ...values: string[]];

export interface StoredLog {
  /** The next events after a position, at most {@link eventsOnPage}; none at the end. */
  after(position: number): Promise<readonly StoredEvent[]>;
  /** The signed checkpoints that came with its cuts, newest last. */
  cuts(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Measured: pages of a thousand rows as arrays read twice as fast as one row at a time, or as objects. */
export const eventsOnPage = 1000;

const columns = `position, hash, ${chainedColumns.join(', ')}`;

/** The log of a control plane: in PostgreSQL where an address is given, else in the SQLite file. */
export function openStoredLog(path: string, postgres: PostgresAddress | undefined): Promise<StoredLog> {
  return postgres === undefined ? Promise.resolve(sqliteLog(path)) : postgresLog(postgres);
}

/** The log in a SQLite file. */
export function sqliteLog(path: string): StoredLog {
  const database = new DatabaseSync(path, { readOnly: true });
  const statement = database.prepare(
    `SELECT ${columns} FROM activity_events WHERE position > ? ORDER BY position LIMIT ${eventsOnPage}`,
  );
  statement.setReturnArrays(true);
  return {
    after: (position) => Promise.resolve(statement.all(position) as unknown as readonly StoredEvent[]),
    cuts: () => Promise.resolve(cutsIn(database)),
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
}

const everyCut = 'SELECT checkpoint FROM activity_cuts ORDER BY position';

/** A copy of a database from before there were cuts has none. */
function cutsIn(database: DatabaseSync): readonly string[] {
  if (database.prepare("SELECT 1 FROM sqlite_master WHERE name = 'activity_cuts'").get() === undefined) return [];
  return database
    .prepare(everyCut)
    .all()
    .map(({ checkpoint }) => String(checkpoint));
}

/** The log in a PostgreSQL database. */
export async function postgresLog(address: PostgresAddress): Promise<StoredLog> {
  const client = new pg.Client(clientOptions(address));
  await client.connect();
  const text = `SELECT ${columns} FROM activity_events WHERE position > $1 ORDER BY position LIMIT ${eventsOnPage}`;
  return {
    after: async (position) => {
      const { rows } = await client.query<[number, string, ...string[]]>({
        text,
        values: [position],
        rowMode: 'array',
        name: 'page',
      });
      return rows;
    },
    cuts: async () => {
      const { rows: tables } = await client.query("SELECT to_regclass('activity_cuts') AS found");
      if ((tables[0] as { readonly found: string | null }).found === null) return [];
      const { rows } = await client.query<{ readonly checkpoint: string }>(everyCut);
      return rows.map(({ checkpoint }) => checkpoint);
    },
    close: () => client.end(),
  };
}
