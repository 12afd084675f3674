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

/** Signs with every permitted key that is at hand. Throws `KeyMissing` when those are fewer than the threshold. */
export function signFile(
  role: string,
  signed: JsonObject,
  permitted: RoleKeys,
  keys: readonly SigningKey[],
): Uint8Array {
  const signers = keys.filter((key) => permitted.keyIDs.includes(key.identifier));
  if (signers.length < permitted.threshold) {
    throw new RepositoryError(
      'KeyMissing',
      `'${role}' must be signed by ${permitted.threshold} of its keys and ${signers.length} of them are in the keys directory: put the key files there, then run the command again.`,
    );
  }
  const bytes = Buffer.from(canonicalize(signed));
  const signatures = signers.map((key) => ({ keyid: key.identifier, sig: key.sign(bytes) }));
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
