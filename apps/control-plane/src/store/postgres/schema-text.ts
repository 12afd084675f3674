/** The schema of a PostgreSQL database as text: what `schema.postgres.sql` shows, tables with their constraints, then other indexes. */
import pg from 'pg';
import type { PostgresAddress } from './address.ts';
import { clientOptions } from './pool.ts';

/** A row for each line inside a table's parentheses, and for each index that no constraint stands for. */
const query = `
  WITH tables AS (
    SELECT oid, relname FROM pg_class
    WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relname NOT LIKE 'kysely_%'
  )
  SELECT relname, 1 AS part, attnum::int AS place,
    attname || ' ' || format_type(atttypid, atttypmod)
      || coalesce(' COLLATE ' || quote_ident(collname), '')
      || coalesce(' DEFAULT ' || pg_get_expr(adbin, adrelid), '')
      || CASE WHEN attnotnull THEN ' NOT NULL' ELSE '' END AS line
  FROM tables
  JOIN pg_attribute ON attrelid = tables.oid AND attnum > 0 AND NOT attisdropped
  LEFT JOIN pg_attrdef ON adrelid = tables.oid AND adnum = attnum
  LEFT JOIN pg_collation ON pg_collation.oid = attcollation AND collname <> 'default'
  UNION ALL
  SELECT relname, 2, row_number() OVER (ORDER BY contype, conname)::int, 'CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(c.oid)
  FROM tables JOIN pg_constraint c ON conrelid = tables.oid
  UNION ALL
  SELECT relname, 3, row_number() OVER (ORDER BY indexrelid::regclass::text)::int, pg_get_indexdef(indexrelid)
  FROM tables JOIN pg_index ON indrelid = tables.oid
  WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
  ORDER BY 1, 2, 3`;

interface Line {
  readonly relname: string;
  readonly part: number;
  readonly line: string;
}

/** Reads it from a database. What the migrator keeps for itself is left out. */
export async function postgresSchemaText(address: PostgresAddress): Promise<string> {
  const client = new pg.Client(clientOptions(address));
  await client.connect();
  try {
    const { rows } = await client.query<Line>(query);
    return [...new Set(rows.map(({ relname }) => relname))].map((name) => tableText(name, rows)).join('\n');
  } finally {
    await client.end();
  }
}

function tableText(name: string, lines: readonly Line[]): string {
  const own = lines.filter(({ relname }) => relname === name);
  const inside = own.filter(({ part }) => part < 3).map(({ line }) => `  ${line}`);
  const indexes = own.filter(({ part }) => part === 3).map(({ line }) => `\n${line.replaceAll('public.', '')};\n`);
  return `CREATE TABLE ${name} (\n${inside.join(',\n')}\n);\n${indexes.join('')}`;
}
