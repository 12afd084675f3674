import type { Environment } from '../../environment.ts';
import type { Writer } from '../../store/store.ts';
import { hashSecret, passwordCost } from '../credentials/secret-hash.ts';
import type { Principal } from '../principals.ts';
import { endSessionsOf } from './sessions.ts';

/** The hash that is kept of a password. */
export function hashPassword(environment: Environment, password: string): Promise<string> {
  return hashSecret(password, environment.randomBytes(16), passwordCost);
}

/** A new password in the place of the old one, or none (null). Whoever signed in with the old one is out, and guesses are forgotten. */
export async function changePassword(writer: Writer, person: Principal, hash: string | null): Promise<void> {
  await writer.updateTable('principals').set({ secret_hash: hash }).where('object_id', '=', person.object_id).execute();
  await writer.deleteFrom('sign_in_failures').where('name_key', '=', person.client_id).execute();
  await endSessionsOf(writer, person.object_id);
}
