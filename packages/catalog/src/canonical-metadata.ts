/**
 * The one form in which this catalog's files are accepted (T30, T31): canonical JSON, byte for byte, so that neither a duplicate
 * key nor any other spelling of the same content exists; Ed25519 only; and a key is named by its own hash, so that one key can
 * never count twice towards a threshold.
 */
import { hash } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import { parseValue } from '@sallyport/model';
import * as z from 'zod/mini';

const keyIdentifier = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const keySchema = z.strictObject({
  keytype: z.literal('ed25519'),
  scheme: z.literal('ed25519'),
  keyval: z.strictObject({ public: z.string().check(z.regex(/^[0-9a-f]{64}$/)) }),
});
const keysSchema = z.record(keyIdentifier, keySchema);
const fileSchema = z.strictObject({
  signatures: z.array(z.strictObject({ keyid: keyIdentifier, sig: z.string().check(z.regex(/^(?:[0-9a-f]{128})?$/)) })),
  signed: z.looseObject({
    keys: z.optional(keysSchema),
    delegations: z.optional(z.looseObject({ keys: keysSchema })),
  }),
});

/**
 * Checks the form of a file and returns its bytes for the verifier. Says nothing about who signed it. Throws an error that names
 * what is wrong.
 */
export function requireCanonical(bytes: Uint8Array): Buffer {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value: unknown = JSON.parse(text);
  if (canonicalize(value) !== text) throw new Error('it is not in canonical form');
  const { signed } = parseValue(fileSchema, value, 'it');
  for (const keys of [signed.keys, signed.delegations?.keys]) {
    for (const [identifier, key] of Object.entries(keys ?? {})) {
      if (keyIdentifierOf(key) !== identifier) throw new Error(`the key ${identifier} is not the one its name says`);
    }
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/**
 * The name of a public key: the SHA-256 of its canonical form, which is written out here because a catalog of 200 publishers names as many
 * keys at each refresh.
 */
export function keyIdentifierOf({ keytype, scheme, keyval }: z.infer<typeof keySchema>): string {
  return hash('sha256', `{"keytype":"${keytype}","keyval":{"public":"${keyval.public}"},"scheme":"${scheme}"}`, 'hex');
}
