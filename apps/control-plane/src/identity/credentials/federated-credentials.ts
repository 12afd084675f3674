/** Who of an identity provider is whom here. An identity of a provider is one principal at most, so nobody can be two. */
import type { Selectable } from 'kysely';
import type { FederatedCredentialRow } from '../../store/schema/identity-rows.ts';
import type { Reader } from '../../store/store.ts';
import { principalOfClient, type Principal } from '../principals.ts';

export type FederatedCredential = Selectable<FederatedCredentialRow>;

/** What Azure's clients put into the tokens that they exchange. */
export const exchangeAudience = 'api://AzureADTokenExchange';

/** The credential of an identity, or undefined. */
export function credentialOfIdentity(
  reader: Reader,
  issuer: string,
  subject: string,
): Promise<FederatedCredential | undefined> {
  return reader
    .selectFrom('federated_credentials')
    .selectAll()
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst();
}

/** The principal of an identity, or undefined. */
export async function principalOfIdentity(
  reader: Reader,
  issuer: string,
  subject: string,
): Promise<Principal | undefined> {
  const credential = await credentialOfIdentity(reader, issuer, subject);
  return credential === undefined ? undefined : principalOfClient(reader, credential.client_id);
}
