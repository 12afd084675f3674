/** Groups of rows into a PostgreSQL database. */
import { CompiledQuery, type Kysely } from 'kysely';
import { refreshText, upsertText, type RowWriter, type Rows, type RowWriting } from '../row-writer.ts';
import type { Schema } from '../schema/schema.ts';
import { again } from './connect.ts';
import { keepPrepared } from './pool.ts';
import { storableJson } from './storable-json.ts';

/**
 * One statement is a transaction of its own: the database is asked once for a group, which is one text. As an array for each column,
 * each element of which the driver quotes, it took a quarter of the processor time of a fleet that comes all at once. Rows that are
 * written and rows that are refreshed are two statements, side by side: none is in both.
 */
export function rowWriter(database: Kysely<Schema>, writing: RowWriting): RowWriter {
  const { columns, refreshed: given, table, key } = writing;
  const types = new Map(columns.map(({ name, type }) => [name, type]));
  const all = columns.map(({ name }) => name);
  /** Where the rows of the parameter are read as these columns, under short names. */
  const source = (names: readonly string[]): string =>
    `json_to_recordset($1::json) AS given(${names.map((name, index) => `c${index} ${types.get(name)}`).join(', ')})`;
  const upsert = upsertText(writing, `SELECT ${all.map((_, index) => `c${index}`).join(', ')} FROM ${source(all)}`);
  const refresh = `${refreshText(writing, (column) => `given.c${given.indexOf(column)}`, source(given))} RETURNING ${table}.${key} AS key`;
  keepPrepared(upsert);
  keepPrepared(refresh);
  const ask = async (text: string, rows: Rows): Promise<readonly { readonly key: string }[]> => {
    if (rows.length === 0) return [];
    const values = rows.map((row) => Object.fromEntries(row.map((value, index) => [`c${index}`, value])));
    const query = CompiledQuery.raw(text, [storableJson(values)]);
    return (await again(() => database.executeQuery<{ readonly key: string }>(query))).rows;
  };
  return async (rows, refreshed) => {
    const [found] = await Promise.all([ask(refresh, refreshed), ask(upsert, rows)]);
    return new Set(found.map(({ key: of }) => of));
  };
}
