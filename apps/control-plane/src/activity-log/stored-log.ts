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
  close(): Promise<void>;
}

/** Measured: pages of a thousand rows as arrays read twice as fast as one row at a time, or as objects. */
const eventsOnPage = 1000;

const columns = `position, hash, ${chainedColumns.join(', ')}`;

/** The log in a SQLite file. */
export function sqliteLog(path: string): StoredLog {
  const database = new DatabaseSync(path, { readOnly: true });
  const statement = database.prepare(
    `SELECT ${columns} FROM activity_events WHERE position > ? ORDER BY position LIMIT ${eventsOnPage}`,
  );
  statement.setReturnArrays(true);
  return {
    after: (position) => Promise.resolve(statement.all(position) as unknown as readonly StoredEvent[]),
    close: () => {
      database.close();
      return Promise.resolve();
    },
  };
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
    close: () => client.end(),
  };
}
