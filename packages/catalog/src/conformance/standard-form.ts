/**
 * What the verifier leaves to its caller when metadata is not in our own form (T30): one public key under several names would count
 * several times towards a threshold, and a scheme that is not the key's own would be taken for it.
 */
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';

const keySchema = z.object({ keytype: z.string(), scheme: z.string(), keyval: z.object({ public: z.string() }) });
const keysSchema = z.record(z.string(), keySchema);
const fileSchema = z.object({
  signed: z.object({ keys: z.optional(keysSchema), delegations: z.optional(z.object({ keys: keysSchema })) }),
});

/** Returns the bytes for the verifier. Throws an error that names what is wrong. */
export function requireStandardForm(bytes: Uint8Array): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { signed } = parseJson(fileSchema, buffer.toString('utf8'), 'it');
  for (const keys of [signed.keys, signed.delegations?.keys]) {
    const seen = new Set<string>();
    for (const [identifier, { keytype, scheme, keyval }] of Object.entries(keys ?? {})) {
      if (seen.has(keyval.public)) throw new Error(`the key ${identifier} is there under another name too`);
      seen.add(keyval.public);
      if (keytype === 'ed25519' && scheme !== 'ed25519') {
        throw new Error(`the key ${identifier} is of type ed25519 and claims the scheme '${scheme}'`);
      }
    }
  }
  return buffer;
}
