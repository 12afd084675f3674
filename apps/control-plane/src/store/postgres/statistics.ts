/**
 * PostgreSQL plans a statement by what it has counted of its tables. It counts those that grow by itself, a minute later; a database that was
 * restored, or brought to another version of PostgreSQL, has rows and nothing is known of them, and it plans as for a handful.
 */
import { sql, type Kysely } from 'kysely';

/** Tables below that are read whole, whatever is known of them. Bytes. */
const largeTable = 1024 * 1024;

/** Has those large tables counted that never were. Throws what the database says. */
export async function countLargeTables(db: Kysely<never>): Promise<void> {
  const { rows } = await sql<{ readonly name: string }>`
    SELECT relname AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())
      AND (reltuples < 0 OR (reltuples = 0 AND relpages = 0))
      AND pg_relation_size(oid) > ${sql.lit(largeTable)}
    ORDER BY relname`.execute(db);
  for (const { name } of rows) {
    await db.transaction().execute(async (transaction) => {
      // A sample is read, however large the table is; on a slow disk it takes what it takes.
      await sql`SET LOCAL statement_timeout = 0`.execute(transaction);
      await sql`ANALYZE ${sql.table(name)}`.execute(transaction);
    });
  }
}
