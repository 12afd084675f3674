/** Connections to the database for queries that are built, and what is simply tried again. */
import { CompiledQuery, Kysely, PostgresDialect } from 'kysely';
import type { Schema } from '../schema/schema.ts';
import type { PostgresAddress } from './address.ts';
import { mayRunAgain } from './errors.ts';
import { openPool, sessionSettings } from './pool.ts';

/** At most so many connections. */
export function connect(address: PostgresAddress, most: number): Kysely<Schema> {
  return new Kysely<Schema>({
    dialect: new PostgresDialect({
      pool: openPool(address, most),
      onCreateConnection: async (connection) => {
        await connection.executeQuery(CompiledQuery.raw(sessionSettings));
      },
    }),
  });
}

const mostAttempts = 5;

/** Runs what may run twice, and again when another transaction stood in its way. */
export async function again<T>(attempt: () => Promise<T>): Promise<T> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (number === mostAttempts || !mayRunAgain(error)) throw error;
    }
  }
}
