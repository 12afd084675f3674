/**
 * Rows of one table that are written over and over, whole groups at once: one statement that is prepared once, whatever the size of
 * the group. Building a statement with Kysely for each group costs more than writing it (decision 0192).
 */
import type { Schema } from './schema/schema.ts';

export type RowValue = string | number;

export interface RowWriting {
  readonly table: keyof Schema;
  /** The column by which rows are the same. */
  readonly key: string;
  readonly columns: readonly { readonly name: string; readonly type: 'text' | 'bigint' | 'integer' }[];
  /** What a row that is there already becomes: SQL of both databases, by column; `excluded` is the row that was written. */
  readonly updates: Readonly<Record<string, string>>;
  /** The columns that a row consists of which says that the others are as they were; with the key. */
  readonly refreshed: readonly string[];
  /** The one of them that has to be the same for that to be so. */
  readonly sameWhere: string;
}

export type Rows = readonly (readonly RowValue[])[];

/**
 * Writes rows, values in the order of the columns, and refreshes others, values in the order of those that are refreshed; no key twice.
 * All are on disk when it resolves, with the keys of those that could be refreshed. It may run twice.
 */
export type RowWriter = (rows: Rows, refreshed: Rows) => Promise<ReadonlySet<string>>;

/** The statement around the source of its rows. */
export function upsertText({ table, key, columns, updates }: RowWriting, source: string): string {
  const names = columns.map(({ name }) => name).join(', ');
  const sets = Object.entries(updates).map(([name, update]) => `${name} = ${update}`);
  return `INSERT INTO ${table} (${names}) ${source} ON CONFLICT (${key}) DO UPDATE SET ${sets.join(', ')}`;
}

/**
 * The statement that refreshes rows. `given` is how a value of such a row is written, and `source` what they all come from, if they come
 * from anywhere.
 */
export function refreshText(
  { table, key, updates, refreshed, sameWhere }: RowWriting,
  given: (column: string) => string,
  source?: string,
): string {
  const sets = Object.entries(updates).flatMap(([name, update]) => {
    const needed = [...update.matchAll(/excluded\.(\w+)/g)].map(([, column = '']) => column);
    // What follows from what is not given stays as it is.
    if (name === sameWhere || !needed.every((column) => refreshed.includes(column))) return [];
    return [`${name} = ${update.replaceAll(/excluded\.(\w+)/g, (_, column: string) => given(column))}`];
  });
  const same = [key, sameWhere].map((name) => `${table}.${name} = ${given(name)}`);
  return `UPDATE ${table} SET ${sets.join(', ')}${source === undefined ? '' : ` FROM ${source}`} WHERE ${same.join(' AND ')}`;
}
