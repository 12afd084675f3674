import type { PostgresAddress } from './postgres/address.ts';

/** Where a store is: enough for another thread to open a connection of its own to it. */
export type StoreAddress =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'postgres'; readonly address: PostgresAddress };
