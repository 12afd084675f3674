/**
 * The store in a file of the state directory: for one control plane. One connection writes, one reads (decision 0042); a thread that writes
 * over a third has its turn like everybody (decision 0211).
 */
import { join } from 'node:path';
import { Kysely, sql, SqliteDialect, type Expression, type SqlBool } from 'kysely';
import { noBells } from '../bells.ts';
import { parametersFor, theKeys } from '../lookup-keys.ts';
import { migrate } from '../migrate.ts';
import { oneAtATime } from '../one-at-a-time.ts';
import type { Schema } from '../schema/schema.ts';
import type { LookupQuery, Store } from '../store.ts';
import { createTurns } from '../turns.ts';
import { openNodeSqlite } from './node-sqlite.ts';
import { sqliteRows } from './row-writer.ts';

/** How long what was erased may stay in the journal. Milliseconds. */
const eraseMilliseconds = 200;

/** Opens the database in a directory and brings it up to date. */
export async function openSqlite(directory: string): Promise<Store> {
  const path = join(directory, 'sallyport.sqlite');
  const writer = openNodeSqlite(path, 'writer');
  const writing = new Kysely<Schema>({ dialect: new SqliteDialect({ database: writer }) });
  await migrate(writing.withTables<never>(), 'sqlite');
  const reader = openNodeSqlite(path, 'reader');
  const reading = new Kysely<Schema>({ dialect: new SqliteDialect({ database: reader }) });
  // There is one process. Two that write at once would wait for each other with the event loop standing still.
  const alone = oneAtATime();
  const inTurn = createTurns(writing, {
    alone,
    begin: () => Promise.resolve(),
    mayRunAgain: () => false,
    savepoint: async (transaction, isFirst) => {
      if (!isFirst) await sql`RELEASE SAVEPOINT turn`.execute(transaction);
      await sql`SAVEPOINT turn`.execute(transaction);
    },
    isGone: () => false,
  });
  let erasing: NodeJS.Timeout | undefined;
  const checkpoint = async (): Promise<void> => {
    erasing = undefined;
    const emptied = sql<{ readonly busy: number }>`PRAGMA wal_checkpoint(TRUNCATE)`;
    const { rows } = await alone(() => emptied.execute(writing));
    // Somebody was reading what it held.
    if (rows[0]?.busy !== 0) eraseTraces();
  };
  // Content is overwritten where it stood (`secure_delete`); this empties the journal that still holds it.
  const eraseTraces = (): void => {
    erasing ??= setTimeout(() => {
      // Closed meanwhile, which empties it too; or a disk that does not take it, which the next change tells of.
      checkpoint().catch(() => undefined);
    }, eraseMilliseconds).unref();
  };
  return {
    read: reading,
    lookup: <Row>(build: LookupQuery<Row>) => {
      const isOneOfTheKeys = (column: string): Expression<SqlBool> =>
        sql<SqlBool>`${sql.ref(column)} IN (SELECT value FROM json_each(${theKeys}))`;
      const { sql: text, parameters } = build(reading, isOneOfTheKeys).compile();
      return (keys) => {
        const values = parametersFor(parameters, JSON.stringify(keys));
        return Promise.resolve(reader.prepare(text).all(values) as readonly Row[]);
      };
    },
    change: inTurn,
    observe: inTurn,
    note: (work) => inTurn(async (writer) => ({ value: await work(writer), events: [] })),
    rowWriter: (writing) => {
      // There is one connection that writes: what runs in a turn is within its transaction.
      const rowsInto = sqliteRows((text) => writer.prepare(text), writing);
      return (rows, refreshed) => inTurn(() => Promise.resolve({ value: rowsInto(rows, refreshed), events: [] }));
    },
    file: { path, whileAnotherWrites: alone },
    eraseTraces,
    bells: noBells,
    lead: (_task, work) => work(),
    alone: (_task, work) => work(),
    close: async () => {
      clearTimeout(erasing);
      await reading.destroy();
      await writing.destroy();
    },
  };
}
