import type { Kysely } from 'kysely';

export type StoreKind = 'sqlite' | 'postgres';

/** The same for both databases wherever possible; `kind` is for what cannot be. On PostgreSQL texts are made to sort as in SQLite. */
export interface Migration {
  readonly name: string;
  up(db: Kysely<unknown>, kind: StoreKind): Promise<void>;
}
