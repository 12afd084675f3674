/** Connections to PostgreSQL as Kysely's stock dialect asks for them, answering with the same types as SQLite does. */
import { hash } from 'node:crypto';
import pg from 'pg';
import type { PostgresPool, PostgresPoolClient } from 'kysely';
import { StoreUnavailable } from '../store-unavailable.ts';
import type { PostgresAddress } from './address.ts';
import { isUnavailable } from './errors.ts';

/** How long a new connection may take, and how long a statement may run, in milliseconds. */
const connectMilliseconds = 5_000;
const statementMilliseconds = 30_000;
/** A control plane that stops in the middle of a transaction must not stop the others for ever. */
const idleMilliseconds = 15_000;

/** bigint and numeric are whole numbers below 2^53 here, and come as SQLite gives them. */
function numbersAsNumbers(): pg.TypeOverrides {
  const types = new pg.TypeOverrides();
  types.setTypeParser(pg.types.builtins.INT8, Number);
  types.setTypeParser(pg.types.builtins.NUMERIC, Number);
  return types;
}

/** The options of a connection; also for the one that listens. */
export function clientOptions(address: PostgresAddress): pg.ClientConfig {
  const { host, port, user, database, password, tls } = address;
  return {
    host,
    port,
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ssl:
      tls === undefined
        ? false
        : {
            minVersion: 'TLSv1.2',
            ...(tls.authorities.kind === 'system' ? {} : { ca: tls.authorities.pem }),
          },
    application_name: 'sallyport',
    keepAlive: true,
    connectionTimeoutMillis: connectMilliseconds,
    types: numbersAsNumbers(),
  };
}

/**
 * What each new connection is told first: a commit is on disk when it is answered, and nothing waits without end. Statements here take
 * milliseconds; one that asks for much at once looks dear to PostgreSQL, and compiling it took a second and more.
 */
export const sessionSettings = [
  'SET jit = off',
  `SET statement_timeout = ${statementMilliseconds}`,
  `SET lock_timeout = ${statementMilliseconds / 2}`,
  `SET idle_in_transaction_session_timeout = ${idleMilliseconds}`,
  `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') IN ('off', 'local')`,
].join('; ');

/** A pool of at most `most` connections. Failures of the way to the database are {@link StoreUnavailable}. */
export function openPool(address: PostgresAddress, most: number): PostgresPool {
  const pool = new pg.Pool({ ...clientOptions(address), max: most, idleTimeoutMillis: 60_000 });
  // An idle connection was lost; the pool has let go of it already, and whoever asks next gets a new one.
  pool.on('error', () => undefined);
  const adapted = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  return {
    options: {},
    connect: async () => {
      const client = await pool.connect().catch((error: unknown) => {
        throw translated(error);
      });
      let known = adapted.get(client);
      if (known === undefined) {
        // A connection that is lost while it is used fails its query; nobody else listens for this.
        client.on('error', () => undefined);
        known = adapt(client);
        adapted.set(client, known);
      }
      return known;
    },
    end: () => pool.end(),
  };
}

/** Statements that each connection prepares once, with their names: planning one costs more than running it. */
const prepared = new Map<string, string>();

/** From now on this statement is planned once by each connection. For few, and for those that are run all the time. */
export function keepPrepared(text: string): void {
  prepared.set(text, `sallyport_${hash('sha256', text, 'hex').slice(0, 16)}`);
}

function adapt(client: pg.PoolClient): PostgresPoolClient {
  const query = async (text: string, parameters: readonly unknown[]): Promise<unknown> => {
    try {
      const values = parameters.map(storable);
      const name = prepared.get(text);
      return await client.query(name === undefined ? { text, values } : { name, text, values });
    } catch (error) {
      throw translated(error);
    }
  };
  return { query: query as PostgresPoolClient['query'], release: (destroy) => client.release(destroy) };
}

/** PostgreSQL keeps no zero characters in texts. */
function storable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(storable);
  return typeof value === 'string' && value.includes('\0') ? value.replaceAll('\0', '\uFFFD') : value;
}

function translated(error: unknown): unknown {
  return isUnavailable(error) ? new StoreUnavailable(error) : error;
}
