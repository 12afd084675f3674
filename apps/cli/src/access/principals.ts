import { CodedError } from '@sallyport/model';
import type { ArmClient } from '../connection/arm-client.ts';
import { servicePrincipalNamed } from './service-principals.ts';
import { users } from './users.ts';

/** Somebody who can hold a role. */
export interface Principal {
  readonly displayName: string;
  readonly objectId: string;
}

/**
 * The person of a user name, or the application of a client id, an object id or a display name. Throws {@link CodedError} when there
 * is none, or more than one.
 */
export async function principalNamed(client: ArmClient, wanted: string): Promise<Principal> {
  if (!wanted.includes('@')) return (await servicePrincipalNamed(client, wanted)).properties;
  const found = (await users(client)).find(({ name }) => name === wanted.toLowerCase());
  if (found !== undefined) return found.properties;
  throw new CodedError('ResourceNotFound', `There is no user '${wanted}'. See: sallyport user list`);
}
