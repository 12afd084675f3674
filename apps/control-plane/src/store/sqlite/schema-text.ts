/** The schema of a SQLite database as text: what `schema.sqlite.sql` shows, one statement for each table and index. */
import { DatabaseSync } from 'node:sqlite';

/** Reads it from a database file. Tables that SQLite or the migrator keep for themselves are left out. */
export function schemaText(path: string): string {
  const database = new DatabaseSync(path, { readOnly: true });
  const rows = database
    .prepare(
      "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'kysely_%' ORDER BY name",
    )
    .all();
  database.close();
  return rows.map((row) => `${layOut(String(row['sql']))};\n`).join('\n');
}

/** One column a line. */
function layOut(sql: string): string {
  const plain = sql.replaceAll('"', '').replace(/\s+/g, ' ');
  const table = /^(create table \S+) \((.*)\)$/i.exec(plain);
  if (table === null) return plain;
  const columns = (table[2] ?? '').split(/, (?![^(]*\))/).map((column) => `  ${column}`);
  return `${table[1] ?? ''} (\n${columns.join(',\n')}\n)`;
}
