/**
 * The store in PostgreSQL: for any number of control planes. Whoever changes something holds one advisory lock from the first statement
 * of the transaction to its commit, so that changes come one after the other as they do in SQLite, over all processes (decision 0150).
 */
import { sql, type Expression, type Kysely, type RawBuilder, type SqlBool } from 'kysely';
import { parametersFor, theKeys } from '../lookup-keys.ts';
import { migrate } from '../migrate.ts';
import type { Schema } from '../schema/schema.ts';
import type { LookupQuery, Store, Writer } from '../store.ts';
import { StoreUnavailable } from '../store-unavailable.ts';
import { createTurns } from '../turns.ts';
import type { PostgresAddress } from './address.ts';
import { textByBytes } from './byte-order.ts';
import { again, connect } from './connect.ts';
import { mayRunAgain } from './errors.ts';
import { changeLock, lockClass } from './locks.ts';
import { bellChannel, createPostgresBells } from './postgres-bells.ts';
import { keepPrepared } from './pool.ts';
import { rowWriter } from './row-writer.ts';
import { countLargeTables } from './statistics.ts';

/** One connection takes turns; the others are for observations and for rings. */
const writingConnections = 4;
const readingConnections = 10;

/** Opens the database and brings it up to date. */
export async function openPostgres(address: PostgresAddress): Promise<Store> {
  const writing = connect(address, writingConnections);
  const reading = connect(address, readingConnections);
  const bells = createPostgresBells(address, async (payload) => {
    await sql`SELECT pg_notify(${bellChannel}, ${payload})`.execute(writing);
  });
  const close = async (): Promise<void> => {
    await bells.close();
    await reading.destroy();
    await writing.destroy();
  };
  try {
    await migrate(writing.withPlugin(textByBytes()).withTables<never>(), 'postgres');
    await countLargeTables(writing.withTables<never>());
  } catch (error) {
    await close();
    throw error;
  }
  const inTurn = createTurns(writing, {
    begin: async (transaction) => {
      await sql`SELECT pg_advisory_xact_lock(${sql.lit(lockClass)}, ${sql.lit(changeLock)})`.execute(transaction);
    },
    mayRunAgain,
    // Both in one message: on this way every message is waited for.
    savepoint: async (transaction, isFirst) => {
      await sql.raw(isFirst ? 'SAVEPOINT turn' : 'RELEASE SAVEPOINT turn; SAVEPOINT turn').execute(transaction);
    },
    isGone: (error) => error instanceof StoreUnavailable,
    alone: (work) => work(),
  });
  return {
    read: reading,
    lookup: (build) => lookup(reading, build),
    change: inTurn,
    observe: inTurn,
    note: (work) => note(writing, work),
    rowWriter: (rows) => rowWriter(writing, rows),
    file: undefined,
    // Rows that are gone are unreadable by SQL at once; their pages are PostgreSQL's to clear (docs: protected settings).
    eraseTraces: () => undefined,
    bells,
    lead: (task, work) => lead(reading, task, work),
    alone: (task, work) => alone(reading, task, work),
    close,
  };
}

function note(writing: Kysely<Schema>, work: (writer: Writer) => Promise<void>): Promise<void> {
  return again(() => writing.transaction().execute(work));
}

function lookup<Row>(
  reading: Kysely<Schema>,
  build: LookupQuery<Row>,
): (keys: readonly string[]) => Promise<readonly Row[]> {
  const isOneOfTheKeys = (column: string): Expression<SqlBool> =>
    sql<SqlBool>`${sql.ref(column)} = ANY(${theKeys}::text[])`;
  const query = build(reading, isOneOfTheKeys).compile();
  keepPrepared(query.sql);
  return async (keys) => {
    const parameters = parametersFor(query.parameters, keys);
    return (await reading.executeQuery<Row>({ ...query, parameters })).rows;
  };
}

/** Locks are the connection's: whoever dies with it has let go of them. */
function lead(reading: Kysely<Schema>, task: string, work: () => Promise<void>): Promise<void> {
  return reading.connection().execute(async (connection) => {
    const { rows } = await sql<{ readonly taken: boolean }>`
      SELECT pg_try_advisory_lock(${lockOf(task)}) AS taken`.execute(connection);
    if (rows[0]?.taken === true) await untilUnlocked(connection, task, work);
  });
}

function alone<T>(reading: Kysely<Schema>, task: string, work: () => Promise<T>): Promise<T> {
  return reading.connection().execute(async (connection) => {
    await sql`SELECT pg_advisory_lock(${lockOf(task)})`.execute(connection);
    return untilUnlocked(connection, task, work);
  });
}

async function untilUnlocked<T>(connection: Kysely<Schema>, task: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await sql`SELECT pg_advisory_unlock(${lockOf(task)})`.execute(connection);
  }
}

function lockOf(task: string): RawBuilder<unknown> {
  return sql`${sql.lit(lockClass)}, hashtext(${task})`;
}
