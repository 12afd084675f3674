/** All rows of a store as they were at one moment, whichever database it is, while control planes go on writing. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, PostgresDialect, sql, SqliteDialect, type Transaction } from 'kysely';
import type { LogHead } from '../../activity-log/head-of-log.ts';
import type { PostgresAddress } from '../postgres/address.ts';
import { openPool } from '../postgres/pool.ts';
import { openNodeSqlite } from '../sqlite/node-sqlite.ts';

/** Values are texts, numbers and nothing else (`schema.ts`). */
export type Row = Readonly<Record<string, string | number | null>>;

export interface Snapshot {
  /** The newest migration that the rows went through. */
  readonly migration: string;
  /** Names of the tables, in order. */
  readonly tables: readonly string[];
  /** Where the activity log ends; undefined while it is empty. */
  headOfLog(): Promise<LogHead | undefined>;
  /** The rows of a table, in pages; events in the order of the log. */
  rows(table: string): AsyncIterable<readonly Row[]>;
}

const rowsOnPage = 500;

/** Opens a snapshot, lets it be used, closes it. Throws when there is no database. */
export async function withSnapshot<T>(
  directory: string,
  postgres: PostgresAddress | undefined,
  use: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const db = postgres === undefined ? openFile(directory) : openServer(postgres);
  try {
    const introspected = await db.introspection.getTables();
    const tables = introspected
      .map(({ name }) => name)
      .filter((name) => !name.startsWith('sqlite_'))
      .sort();
    const transaction =
      postgres === undefined ? db.transaction() : db.transaction().setIsolationLevel('repeatable read');
    return await transaction.execute(async (snapshot) =>
      use({
        migration: await newestMigration(snapshot),
        tables,
        headOfLog: async () => {
          const { rows } = await sql<LogHead>`
            SELECT position, hash FROM activity_events ORDER BY position DESC LIMIT 1`.execute(snapshot);
          return rows[0];
        },
        rows: (table) => (postgres === undefined ? pagesByRowId(snapshot, table) : pagesByCursor(snapshot, table)),
      }),
    );
  } finally {
    await db.destroy();
  }
}

function openFile(directory: string): Kysely<unknown> {
  const path = join(directory, 'sallyport.sqlite');
  if (!existsSync(path)) throw new Error(`There is no database '${path}'. With PostgreSQL, name it with --store.`);
  return new Kysely<unknown>({ dialect: new SqliteDialect({ database: openNodeSqlite(path, 'reader') }) });
}

function openServer(address: PostgresAddress): Kysely<unknown> {
  return new Kysely<unknown>({ dialect: new PostgresDialect({ pool: openPool(address, 1) }) });
}

async function newestMigration(snapshot: Transaction<unknown>): Promise<string> {
  const { rows } = await sql<{
    readonly name: string;
  }>`SELECT name FROM kysely_migration ORDER BY name DESC LIMIT 1`.execute(snapshot);
  const newest = rows[0]?.name;
  if (newest === undefined) throw new Error('The database is not one of a control plane.');
  return newest;
}

async function* pagesByRowId(snapshot: Transaction<unknown>, table: string): AsyncGenerator<readonly Row[]> {
  for (let after = Number.MIN_SAFE_INTEGER; ;) {
    const { rows } = await sql<Row & { readonly row_number_: number }>`
      SELECT rowid AS row_number_, * FROM ${sql.table(table)} WHERE rowid > ${after} ORDER BY rowid LIMIT ${sql.lit(rowsOnPage)}`.execute(
      snapshot,
    );
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map(({ row_number_: _place, ...row }) => row);
    after = last.row_number_;
  }
}

async function* pagesByCursor(snapshot: Transaction<unknown>, table: string): AsyncGenerator<readonly Row[]> {
  // Whoever reads a backup follows the chain while it reads.
  const order = table === 'activity_events' ? sql`ORDER BY position` : sql``;
  await sql`DECLARE page CURSOR FOR SELECT * FROM ${sql.table(table)} ${order}`.execute(snapshot);
  for (;;) {
    const { rows } = await sql<Row>`FETCH ${sql.lit(rowsOnPage)} FROM page`.execute(snapshot);
    if (rows.length === 0) break;
    yield rows;
  }
  await sql`CLOSE page`.execute(snapshot);
}
