import { join } from 'node:path';
import { Kysely, PostgresDialect, sql, SqliteDialect } from 'kysely';
import { expect, test } from 'vitest';
import { chainedColumns, chainStart, nextHash } from '../activity-log/chain.ts';
import { tagKey } from '../resources/tag-keys.ts';
import { eachStore, type TestStore } from '../testing/each-store.ts';
import { migrate } from './migrate.ts';
import { migrations } from './migrations/migrations.ts';
import { textByBytes } from './postgres/byte-order.ts';
import { openPool } from './postgres/pool.ts';
import { openNodeSqlite } from './sqlite/node-sqlite.ts';

type Row = Readonly<Record<string, unknown>>;

/** The database without the store around it, as it was when a migration was the newest. */
async function databaseAsOf({ directory, postgres }: TestStore, migration: string): Promise<Kysely<never>> {
  if (postgres === undefined) {
    const database = openNodeSqlite(join(directory, 'sallyport.sqlite'), 'writer');
    const db = new Kysely<never>({ dialect: new SqliteDialect({ database }) });
    await migrate(db, 'sqlite', migration);
    return db;
  }
  const db = new Kysely<never>({ dialect: new PostgresDialect({ pool: openPool(postgres, 2) }) });
  await migrate(db.withPlugin(textByBytes()), 'postgres', migration);
  return db;
}

const has =
  (key: string) =>
  (row: Row): boolean =>
    row['tag_key'] === key;

const position = (row: Row): number => Number(row['position']);

/** Three rows in each table, every column filled; returned as they were written. */
async function fillEveryTable(db: Kysely<never>): Promise<ReadonlyMap<string, readonly Row[]>> {
  const written = new Map<string, readonly Row[]>();
  for (const { name, columns } of await db.introspection.getTables()) {
    const rows = [1, 2, 3].map((number) =>
      Object.fromEntries(
        columns.map((column) => {
          const isText = column.dataType.toLowerCase() === 'text';
          if (name === 'principals' && column.name === 'kind') return ['kind', 'ServicePrincipal'];
          if (name === 'plain_resources' && column.name === 'type') return ['type', 'Microsoft.HybridCompute/licenses'];
          if (column.name === 'tags') return ['tags', `{"tag":"${number}"}`];
          return [column.name, isText ? `${column.name} ${number}` : number];
        }),
      ),
    );
    for (const row of rows) {
      const names = sql.join(Object.keys(row).map((column) => sql.ref(column)));
      const values = sql.join(Object.values(row).map((value) => sql.val(value)));
      await sql`INSERT INTO ${sql.table(name)} (${names}) VALUES (${values})`.execute(db);
    }
    written.set(name, rows);
  }
  return written;
}

eachStore('live data', (makeStore) => {
  test.each(migrations.map(({ name }) => name))('of %s is carried forward, every value of it', async (name) => {
    const made = makeStore();
    const old = await databaseAsOf(made, name);
    const written = await fillEveryTable(old);
    await old.destroy();

    await (await made.open()).close();

    const newest = await databaseAsOf(made, migrations.at(-1)?.name ?? '');
    for (const [table, rows] of written) {
      const { rows: now } = await sql<Row>`SELECT * FROM ${sql.table(table)}`.execute(newest);
      for (const row of rows) {
        // The chain over the log is computed when it comes; from then on it is data like any other.
        expect(now, table).toContainEqual(expect.objectContaining(row));
      }
    }
    const { rows: log } = await sql<Row>`SELECT * FROM activity_events`.execute(newest);
    const { rows: roles } = await sql<Row>`SELECT principal_id FROM role_assignments`.execute(newest);
    const { rows: tags } = await sql<Row>`SELECT * FROM resource_tags`.execute(newest);
    await newest.destroy();

    if (name < '202611281410-resource-tags') {
      // Machines and extensions have been there from the beginning, licenses have not. By its name each has the tag, and by its value one.
      const kinds = ['machine', 'extension', ...(written.has('plain_resources') ? ['plain'] : [])];
      for (const kind of kinds) {
        const those = tags.filter((row) => row['kind'] === kind);
        expect([kind, ...[1, 2, 3].map((number) => those.filter(has(tagKey('TAG', `${number}`))).length)]).toEqual([
          kind,
          1,
          1,
          1,
        ]);
        expect([kind, those.filter(has(tagKey('Tag'))).length, those.length]).toEqual([kind, 3, 6]);
      }
      expect(tags).toHaveLength(6 * kinds.length);
    }
    if (name < '202611250330-roles') expect(roles).toHaveLength(3);
    if (name >= '202611250400-chain') return;
    // T68 Events that are older than the chain are sealed as they stand.
    let hash = chainStart;
    for (const row of log.toSorted((a, b) => position(a) - position(b))) {
      hash = nextHash(
        hash,
        chainedColumns.map((column) => String(row[column])),
      );
      expect(row['hash']).toBe(hash);
    }
  });

  test('a database of a newer version is refused, not guessed at', async () => {
    const made = makeStore();
    await (await made.open()).close();
    const db = await databaseAsOf(made, migrations.at(-1)?.name ?? '');
    await sql`INSERT INTO kysely_migration (name, timestamp) VALUES ('299901010000-later', '')`.execute(db);
    await db.destroy();
    await expect(made.open()).rejects.toThrow('could not be brought up to date');
  });
});
