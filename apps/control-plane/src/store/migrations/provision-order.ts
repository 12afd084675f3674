import type { Kysely } from 'kysely';

export async function provisionOrder(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('extensions').addColumn('provision_after', 'text').execute();
}
