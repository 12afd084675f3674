import type { Kysely } from 'kysely';
import { Migrator } from 'kysely/migration';
import type { StoreKind } from './migrations/migration.ts';
import { migrations } from './migrations/migrations.ts';

/**
 * Brings a database up to date, or as far as the migration named. Throws when a migration fails. Several control planes that start
 * at once on one PostgreSQL take turns: Kysely holds an advisory lock meanwhile.
 */
export async function migrate(db: Kysely<never>, kind: StoreKind, upTo?: string): Promise<void> {
  const list = Object.fromEntries(
    migrations.map((migration) => [migration.name, { up: (db: Kysely<unknown>) => migration.up(db, kind) }]),
  );
  const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(list) } });
  const { error } = await (upTo === undefined ? migrator.migrateToLatest() : migrator.migrateTo(upTo));
  if (error !== undefined) throw new Error('The database could not be brought up to date.', { cause: error });
}
