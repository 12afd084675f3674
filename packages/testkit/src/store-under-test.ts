/**
 * Which database the control planes of a test run keep their state in: SQLite, or with `npm test -- --store postgres` a PostgreSQL that
 * the run has started, a database in it for each state directory.
 */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { postgresAt } from './postgres-server.ts';

/** Names the directory of the socket. Not one of the control plane's own variables. */
export const storeVariable = 'TEST_POSTGRES_SOCKET';

/** Whether this run is about PostgreSQL. */
export function isPostgresUnderTest(): boolean {
  return process.env[storeVariable] !== undefined;
}

/** What a control plane is started with besides, for a state directory. */
export function storeSettings(state: string): readonly string[] {
  const url = urlOf(state);
  return url === undefined ? [] : ['--store', url];
}

/** Rows as the control plane of a state directory has stored them; it may be running. */
export function storedRows(state: string, sql: string): readonly Readonly<Record<string, unknown>>[] {
  const url = urlOf(state);
  if (url === undefined) {
    const database = new DatabaseSync(join(state, 'sallyport.sqlite'), { readOnly: true });
    try {
      return database.prepare(sql).all();
    } finally {
      database.close();
    }
  }
  const [line = '[]'] =
    server()?.run(url, `SELECT coalesce(json_agg(row_to_json(r)), '[]')::jsonb FROM (${sql}) r`) ?? [];
  return JSON.parse(line) as readonly Readonly<Record<string, unknown>>[];
}

/** Changes what is stored behind the control plane's back. Values go for `?`, in their order. */
export function changeStored(state: string, sql: string, ...values: readonly (string | number)[]): void {
  const url = urlOf(state);
  if (url !== undefined) {
    let next = 0;
    const quoted = sql.replaceAll('?', () => `'${String(values[next++]).replaceAll("'", "''")}'`);
    server()?.run(url, quoted);
    return;
  }
  const database = new DatabaseSync(join(state, 'sallyport.sqlite'));
  database.exec('PRAGMA busy_timeout = 10000');
  database.prepare(sql).run(...values);
  database.close();
}

function server(): ReturnType<typeof postgresAt> | undefined {
  const socket = process.env[storeVariable];
  return socket === undefined ? undefined : postgresAt(socket);
}

function urlOf(state: string): string | undefined {
  const postgres = server();
  if (postgres === undefined) return undefined;
  const name = `state_${createHash('sha256').update(state).digest('hex').slice(0, 20)}`;
  const own = postgres.urlOf(name);
  const main = postgres.urlOf('postgres');
  if (postgres.run(main, `SELECT 1 FROM pg_database WHERE datname = '${name}'`).length === 0)
    postgres.run(main, `CREATE DATABASE ${name}`);
  return own;
}
