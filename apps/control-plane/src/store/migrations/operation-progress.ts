import type { Kysely } from 'kysely';

export async function operationProgress(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('operations').addColumn('progress', 'text').execute();
}
