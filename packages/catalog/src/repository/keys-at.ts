/** The keys of a role wherever they lie: in the gallery's own folder, or in others that somebody brought along, as a root's holder does. */
import { rm } from 'node:fs/promises';
import { keyPassphrases, type KeyPassphrases } from './key-passphrases.ts';
import { RepositoryError } from './repository-error.ts';
import type { RepositoryPlace } from './repository-state.ts';
import { keyFilesOf, keysOfRole, makeKey, registerSigner, type KeyFile, type SigningKey } from './signing-key.ts';
import { triedSigner, type TokenSigner } from './token-key.ts';

const none: KeyPassphrases = keyPassphrases([]);

/** Those that can sign. */
export async function keysAt(place: RepositoryPlace, role: string): Promise<SigningKey[]> {
  const found: SigningKey[] = [];
  for (const folder of foldersOf(place)) found.push(...(await keysOfRole(folder, role, place.passphrases ?? none)));
  return found.filter((key, at) => found.findIndex(({ identifier }) => identifier === key.identifier) === at);
}

/** How a key that the catalog names is at hand. */
export type KeyPresence = 'file' | 'sealed' | 'token' | 'elsewhere';

/** How the key named `identifier` is at hand. Opens nothing. */
export async function keyPresence(place: RepositoryPlace, role: string, identifier: string): Promise<KeyPresence> {
  const file = await keyFileAt(place, role, identifier);
  return file === undefined ? 'elsewhere' : presenceOf[file.form];
}

/** The file of the key named `identifier`, opened or not. */
export async function keyFileAt(
  place: RepositoryPlace,
  role: string,
  identifier: string,
): Promise<KeyFile | undefined> {
  for (const folder of foldersOf(place)) {
    const file = (await keyFilesOf(folder, role)).find((found) => identifier.startsWith(found.identifier));
    if (file !== undefined) return file;
  }
  return undefined;
}

const presenceOf = { pem: 'file', 'sealed.json': 'sealed', 'token.json': 'token' } as const;

/**
 * Makes a key for a role, in the first folder that was brought along, or else in the gallery's; for a signer that signs, only its description. The
 * two roles that a timer signs with lie in the gallery, unsealed: nobody is there at night to type a passphrase (T28 says what they can do).
 */
export async function newKeyAt(place: RepositoryPlace, role: string, signer?: TokenSigner): Promise<SigningKey> {
  const isOnline = role === 'snapshot' || role === 'timestamp';
  const [folder = place.keysDirectory] = isOnline ? [] : (place.otherKeys ?? []);
  if (signer !== undefined) return registerSigner(folder, role, triedSigner(signer));
  return makeKey(folder, role, isOnline ? none : place.passphrases);
}

/**
 * A change that keys made for it take part in. When it is refused, nothing was signed that anybody saw, and they go again: a key that
 * lies about, perhaps without the passphrase that it should have had, would be taken for one of the role's by the next change.
 */
export async function withNewKeys<T>(fresh: readonly SigningKey[], change: () => Promise<T>): Promise<T> {
  try {
    return await change();
  } catch (error) {
    if (error instanceof RepositoryError) for (const { file } of fresh) await rm(file, { force: true });
    throw error;
  }
}

function foldersOf(place: RepositoryPlace): readonly string[] {
  return [place.keysDirectory, ...(place.otherKeys ?? [])];
}
