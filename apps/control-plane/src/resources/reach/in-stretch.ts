/** A stretch in SQL. */
import { sql, type Expression, type SqlBool } from 'kysely';
import type { Stretch } from './stretch.ts';

/** Whether columns of a key, in its order, begin with the parts of a stretch and come after a place within it. */
export function inStretch(
  columns: readonly string[],
  { parts }: Stretch,
  after: readonly string[] | undefined,
): Expression<SqlBool> {
  const begins = parts.map((part, index) => sql<SqlBool>`${sql.ref(columns[index] ?? '')} = ${part}`);
  const rest = columns.slice(parts.length);
  const later = columns.map((_column, index) => after?.[index] ?? '').slice(parts.length);
  const follows = after === undefined ? [] : [comesAfter(rest, later)];
  const both = [...begins, ...follows];
  return both.length === 0 ? sql<SqlBool>`1 = 1` : sql<SqlBool>`${sql.join(both, sql` AND `)}`;
}

function comesAfter(columns: readonly string[], key: readonly string[]): Expression<SqlBool> {
  // A stretch of one resource: it was listed.
  if (columns.length === 0) return sql<SqlBool>`1 = 0`;
  // As rows: an index of both begins there, and does not read what was listed before.
  return sql<SqlBool>`(${sql.join(columns.map((one) => sql.ref(one)))}) > (${sql.join(key.map((one) => sql.val(one)))})`;
}
