/** Groups of rows into a SQLite database, each group a transaction. */
import { upsertText, type RowWriter, type RowWriting } from '../row-writer.ts';
import { openDatabase } from './node-sqlite.ts';

export interface OpenRowWriter {
  readonly write: RowWriter;
  close(): void;
}

/** One row, as parameters. */
export function oneRow({ columns }: RowWriting): string {
  return `VALUES (${columns.map(() => '?').join(', ')})`;
}

/** Opens a connection for it. The database has been opened, and brought up to date, by somebody else. */
export function sqliteRowWriter(path: string, writing: RowWriting): OpenRowWriter {
  const database = openDatabase(path, 'writer');
  const statement = database.prepare(upsertText(writing, oneRow(writing)));
  return {
    write: async (rows) => {
      database.exec('BEGIN IMMEDIATE');
      try {
        for (const row of rows) statement.run(...row);
        database.exec('COMMIT');
      } catch (error) {
        // A full disk has ended it already.
        if (database.isTransaction) database.exec('ROLLBACK');
        throw error;
      }
    },
    close: () => database.close(),
  };
}
