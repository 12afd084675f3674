/** Makes a store out of rows that were taken from one, in either database. */
import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { syncDirectory } from '@sallyport/durable-files';
import { Kysely, PostgresDialect, sql, SqliteDialect, type Transaction } from 'kysely';
import { migrate } from '../migrate.ts';
import { migrations } from '../migrations/migrations.ts';
import type { PostgresAddress } from '../postgres/address.ts';
import { textByBytes } from '../postgres/byte-order.ts';
import { openPool } from '../postgres/pool.ts';
import { openNodeSqlite } from '../sqlite/node-sqlite.ts';
import type { Row } from './snapshot.ts';

export interface Filling {
  /** The migration that the rows went through; the store is made as it was then and brought up to date when it is opened. */
  readonly migration: string;
  readonly rows: AsyncIterable<{ readonly table: string; readonly row: Row }>;
}

/** Throws when something is there already. After any other failure too nothing is there. */
export async function fillStore(
  directory: string,
  postgres: PostgresAddress | undefined,
  filling: Filling,
): Promise<void> {
  if (!migrations.some(({ name }) => name === filling.migration)) {
    throw new Error(
      `The backup was made by a newer version (it has the migration '${filling.migration}'): install that one.`,
    );
  }
  if (postgres !== undefined) {
    const db = new Kysely<never>({ dialect: new PostgresDialect({ pool: openPool(postgres, 2) }) });
    try {
      await fillServer(db, filling);
    } finally {
      await db.destroy();
    }
    return;
  }
  const path = join(directory, 'sallyport.sqlite');
  if (existsSync(path)) throw new Error(`There is a database already, '${path}'. Restore into a new state directory.`);
  const unfinished = join(directory, 'restoring.sqlite');
  const db = new Kysely<never>({ dialect: new SqliteDialect({ database: openNodeSqlite(unfinished, 'writer') }) });
  try {
    await migrate(db, 'sqlite', filling.migration);
    await db.transaction().execute((transaction) => insertAll(transaction, filling));
    await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(db);
  } finally {
    await db.destroy();
  }
  renameSync(unfinished, path);
  syncDirectory(directory);
}

async function fillServer(db: Kysely<never>, filling: Filling): Promise<void> {
  const there = await db.introspection.getTables();
  if (there.length > 0)
    throw new Error(
      `The database of --store is not empty: it has the table '${there[0]?.name ?? ''}'. Restore into a new one.`,
    );
  await migrate(db.withPlugin(textByBytes()), 'postgres', filling.migration);
  try {
    await db.transaction().execute((transaction) => insertAll(transaction, filling));
  } catch (error) {
    // Only what was made here a moment ago.
    for (const { name } of await db.introspection.getTables()) await sql`DROP TABLE ${sql.table(name)}`.execute(db);
    throw error;
  }
}

async function insertAll(transaction: Transaction<never>, { rows }: Filling): Promise<void> {
  // What a migration put there for a new installation is in the backup as well, or was taken out since.
  for (const { name } of await transaction.introspection.getTables())
    await sql`DELETE FROM ${sql.table(name)}`.execute(transaction);
  let waiting: { readonly table: string; readonly rows: Row[] } | undefined;
  const flush = async (): Promise<void> => {
    if (waiting !== undefined && waiting.rows.length > 0) await insert(transaction, waiting.table, waiting.rows);
  };
  for await (const { table, row } of rows) {
    if (waiting?.table !== table || waiting.rows.length >= rowsTogether) {
      await flush();
      waiting = { table, rows: [] };
    }
    waiting.rows.push(row);
  }
  await flush();
}

const rowsTogether = 200;

async function insert(transaction: Transaction<never>, table: string, rows: readonly Row[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {});
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = sql.join(rows.map((row) => sql`(${sql.join(columns.map((column) => sql.val(row[column] ?? null)))})`));
  await sql`INSERT INTO ${sql.table(table)} (${names}) VALUES ${values}`.execute(transaction);
}
