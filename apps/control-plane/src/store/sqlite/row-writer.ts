/** Groups of rows into a SQLite database, each group a transaction. */
import { refreshText, upsertText, type RowValue, type RowWriter, type Rows, type RowWriting } from '../row-writer.ts';
import { openDatabase } from './node-sqlite.ts';

export interface OpenRowWriter {
  readonly write: RowWriter;
  close(): void;
}

interface RowStatement {
  run(row: readonly RowValue[]): { readonly changes: number | bigint };
}

/** Writes and refreshes rows within the transaction that is under way; gives the keys of those that could be refreshed. */
export function sqliteRows(
  prepare: (text: string) => RowStatement,
  writing: RowWriting,
): (rows: Rows, refreshed: Rows) => ReadonlySet<string> {
  const { columns, refreshed: given } = writing;
  const upsert = upsertText(writing, `VALUES (${columns.map(() => '?').join(', ')})`);
  // By number, as most of them are used more than once.
  const refresh = refreshText(writing, (column) => `?${given.indexOf(column) + 1}`);
  const key = given.indexOf(writing.key);
  return (rows, refreshed) => {
    const written = prepare(upsert);
    for (const row of rows) written.run(row);
    const again = prepare(refresh);
    const found = new Set<string>();
    for (const row of refreshed) if (Number(again.run(row).changes) > 0) found.add(String(row[key]));
    return found;
  };
}

/** Opens a connection for it. The database has been opened, and brought up to date, by somebody else. */
export function sqliteRowWriter(path: string, writing: RowWriting): OpenRowWriter {
  const database = openDatabase(path, 'writer');
  const prepared = new Map<string, RowStatement>();
  const rowsInto = sqliteRows((text) => {
    const known = prepared.get(text);
    if (known !== undefined) return known;
    const statement = database.prepare(text);
    const prepare: RowStatement = { run: (row) => statement.run(...row) };
    prepared.set(text, prepare);
    return prepare;
  }, writing);
  return {
    write: async (rows, refreshed) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        const found = rowsInto(rows, refreshed);
        database.exec('COMMIT');
        return found;
      } catch (error) {
        // A full disk has ended it already.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}
