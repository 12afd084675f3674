/** The part of a SQLite database that Kysely's stock dialect asks for, over `node:sqlite`. Statements are prepared once. */
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import type { SqliteDatabase, SqliteStatement } from 'kysely';

/** Opens a database file. The writer's settings are WAL and synchronous=FULL: what was committed survives a power loss. */
export function openDatabase(path: string, mode: 'writer' | 'reader'): DatabaseSync {
  const database = new DatabaseSync(path, { readOnly: mode === 'reader', timeout: 5000 });
  if (mode === 'writer') {
    // secure_delete: what was erased (sealed settings, S1.7) is overwritten, not only unlinked.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
  }
  return database;
}

/** Opens a database file for Kysely. */
export function openNodeSqlite(path: string, mode: 'writer' | 'reader'): SqliteDatabase {
  const database = openDatabase(path, mode);
  const prepared = new Map<string, SqliteStatement>();
  return {
    close: () => {
      prepared.clear();
      database.close();
    },
    prepare: (sql) => {
      const known = prepared.get(sql);
      if (known !== undefined) return known;
      const statement = adapt(database.prepare(sql));
      // Queries are built from a fixed set of shapes; the bound only guards against a long list of batch sizes.
      if (prepared.size >= 500) prepared.clear();
      prepared.set(sql, statement);
      return statement;
    },
  };
}

function adapt(statement: StatementSync): SqliteStatement {
  const values = (parameters: readonly unknown[]): SQLInputValue[] => parameters as SQLInputValue[];
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...values(parameters)),
    run: (parameters) => statement.run(...values(parameters)),
    iterate: (parameters) => statement.iterate(...values(parameters)),
  };
}
