/** Principals in the store: looked up on every sign-in and on every request, so that removing one ends its tokens at once. */
import type { Selectable } from 'kysely';
import type { PrincipalRow } from '../store/schema/identity-rows.ts';
import type { Reader, Writer } from '../store/store.ts';

export type Principal = Selectable<PrincipalRow>;

/** The principal of a client id (GUIDs, compared in lower case), or undefined. */
export function principalOfClient(reader: Reader, clientId: string): Promise<Principal | undefined> {
  return reader.selectFrom('principals').selectAll().where('client_id', '=', clientId.toLowerCase()).executeTakeFirst();
}

/** The principal of an object id, or undefined. */
export function principalOfObject(reader: Reader, objectId: string): Promise<Principal | undefined> {
  return reader.selectFrom('principals').selectAll().where('object_id', '=', objectId).executeTakeFirst();
}

/** Remembers an assertion as used. False when it was used before (T11). Forgets what has expired. */
export async function useAssertion(
  writer: Writer,
  clientId: string,
  jti: string,
  expiresAt: number,
  now: number,
): Promise<boolean> {
  await writer.deleteFrom('used_assertions').where('expires_at', '<', now).execute();
  const { numInsertedOrUpdatedRows } = await writer
    .insertInto('used_assertions')
    .values({ client_id: clientId, jti, expires_at: expiresAt })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow();
  return (numInsertedOrUpdatedRows ?? 0n) > 0n;
}
