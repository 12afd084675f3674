/** A file of the catalog: what a role says, in canonical JSON, and the signatures of its keys. */
import { createHash } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import { RepositoryError } from './repository-error.ts';
import type { SigningKey } from './signing-key.ts';

/** A value as JSON writes it. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = Readonly<Record<string, Json>>;

/** Which keys may sign for a role, and how many of them must. */
export interface RoleKeys {
  readonly keyIDs: readonly string[];
  readonly threshold: number;
}

/**
 * Signs with as many of the permitted keys that are at hand as are needed. A new root needs enough keys of the old root and enough of its own: then `permitted` are
 * both. Throws `KeyMissing` when there are fewer than a threshold, `SignerFailed` when there would have been enough.
 */
export function signFile(
  role: string,
  signed: JsonObject,
  permitted: RoleKeys | readonly RoleKeys[],
  keys: readonly SigningKey[],
): Uint8Array {
  const sets = 'threshold' in permitted ? [permitted] : permitted;
  const bytes = Buffer.from(canonicalize(signed));
  const signatures: { keyid: string; sig: string }[] = [];
  const signersOf = ({ keyIDs }: RoleKeys): number => signatures.filter(({ keyid }) => keyIDs.includes(keyid)).length;
  let failure: RepositoryError | undefined;
  for (const key of keys) {
    // No more than are needed: a signature that counts for nothing could be changed by anybody (T31).
    if (!sets.some((set) => set.keyIDs.includes(key.identifier) && signersOf(set) < set.threshold)) continue;
    try {
      signatures.push({ keyid: key.identifier, sig: key.sign(bytes) });
    } catch (error) {
      // One token that is not plugged in is no harm when the others are enough.
      if (!(error instanceof RepositoryError)) throw error;
      failure ??= error;
    }
  }
  for (const set of sets) {
    const { threshold } = set;
    const signers = signersOf(set);
    if (signers >= threshold) continue;
    throw (
      failure ??
      new RepositoryError(
        'KeyMissing',
        `'${role}' must be signed by ${threshold} of its keys, and ${signers} of them can sign here: put the key files into the keys directory, or bring them with --keys; open sealed ones with --passphrase-file; then run the command again.`,
      )
    );
  }
  return Buffer.from(canonicalize({ signatures, signed }));
}

/** How a snapshot or timestamp names a file. */
export function fileReference(version: number, bytes: Uint8Array): JsonObject {
  return {
    version,
    length: bytes.length,
    hashes: { sha256: createHash('sha256').update(bytes).digest('hex') },
  };
}
