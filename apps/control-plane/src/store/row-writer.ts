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
}

/** Writes rows, values in the order of the columns, no key twice. All are on disk when it resolves. It may run twice. */
export type RowWriter = (rows: readonly (readonly RowValue[])[]) => Promise<void>;

/** The statement around the source of its rows. */
export function upsertText({ table, key, columns, updates }: RowWriting, source: string): string {
  const names = columns.map(({ name }) => name).join(', ');
  const sets = Object.entries(updates).map(([name, update]) => `${name} = ${update}`);
  return `INSERT INTO ${table} (${names}) ${source} ON CONFLICT (${key}) DO UPDATE SET ${sets.join(', ')}`;
}
