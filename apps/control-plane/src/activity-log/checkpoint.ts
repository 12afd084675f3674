/**
 * Signed checkpoints: what the head of the chain was at a time. Whoever can write the database can make a whole chain anew, or cut
 * off its end; not one that agrees with checkpoints that lie somewhere else (T67, T69). A checkpoint is a compact JWS, ES256.
 */
import { compactVerify, CompactSign, importJWK, type CryptoKey, type JWK } from 'jose';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import type { SigningKey } from '../identity/signing-key.ts';

const placeSchema = { position: z.int().check(z.minimum(1)), hash: z.string().check(z.regex(/^[0-9a-f]{64}$/)) };

const checkpointSchema = z.object({
  /** Of the newest event. */
  ...placeSchema,
  /** ISO 8601, when it was signed. */
  time: z.string(),
  /** Of the last event that may be gone, with every one before it: retention's word, and nobody else's. */
  cut: z.optional(z.object(placeSchema)),
});
export type Checkpoint = z.infer<typeof checkpointSchema>;

const kind = 'sallyport-activity-checkpoint';

/** Signs a checkpoint. The header's type keeps a token of another kind from passing for one (T30). */
export function signCheckpoint(key: SigningKey, checkpoint: Checkpoint): Promise<string> {
  return new CompactSign(Buffer.from(JSON.stringify(checkpoint)))
    .setProtectedHeader({ alg: 'ES256', typ: kind, kid: key.keyId })
    .sign(key.privateKey);
}

/** Reads a checkpoint. Throws when it is not one, or not signed with the key. */
export async function readCheckpoint(text: string, publicKey: CryptoKey): Promise<Checkpoint> {
  const { payload, protectedHeader } = await compactVerify(text, publicKey, { algorithms: ['ES256'] });
  if (protectedHeader.typ !== kind) throw new Error(`it is a '${protectedHeader.typ ?? ''}', not a '${kind}'`);
  return parseJson(checkpointSchema, Buffer.from(payload).toString('utf8'), 'The checkpoint');
}

/** The public key of a JWK's text. Throws when it is not a P-256 key. */
export async function readCheckpointKey(text: string): Promise<CryptoKey> {
  const { d: _private, ...jwk } = JSON.parse(text) as JWK;
  if (jwk.kty !== 'EC' || jwk.crv !== 'P-256') throw new Error('it is not a P-256 key');
  return (await importJWK(jwk, 'ES256')) as CryptoKey;
}
