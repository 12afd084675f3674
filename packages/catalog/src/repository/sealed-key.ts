/**
 * A private key at rest under a passphrase: scrypt makes the key that AES-256-GCM encrypts with (docs/decisions/0097). The public half lies
 * open, so that a key can be listed without its passphrase; it is authenticated together with the role, so a file that is renamed or
 * patched does not open.
 */
import { createCipheriv, createDecipheriv, createPrivateKey, randomBytes, type KeyObject } from 'node:crypto';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import type { Derivation, KeyPassphrases } from './key-passphrases.ts';

const base64 = z.string().check(z.regex(/^[A-Za-z0-9+/]{16,512}={0,2}$/));
const sealedSchema = z.strictObject({
  format: z.literal(1),
  publicKey: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
  scrypt: z.strictObject({
    // A file that asks for more than this would only keep the machine busy.
    cost: z.number().check(z.gte(16_384), z.lte(1_048_576)),
    blockSize: z.number().check(z.gte(8), z.lte(16)),
    parallelization: z.number().check(z.gte(1), z.lte(4)),
    salt: base64,
  }),
  aes256gcm: z.strictObject({ nonce: base64, data: base64, tag: base64 }),
});
type Sealed = z.infer<typeof sealedSchema>;

/** OWASP's recommendation: 128 MiB of memory for one guess. */
const strength = { cost: 131_072, blockSize: 8, parallelization: 1 } as const;

/** Reads the file's content. Throws what is wrong with its form. */
export function parseSealedKey(text: string, where: string): Sealed {
  return parseJson(sealedSchema, text, where);
}

/** Seals a key with the first passphrase. With the salt of another sealed key, the same passphrase opens both at the price of one. */
export function sealKey(
  privateKey: KeyObject,
  role: string,
  publicKey: string,
  passphrases: KeyPassphrases,
  salt: Buffer = randomBytes(32),
): string {
  const [text] = passphrases.texts;
  if (text === undefined) throw new Error('a key is sealed with a passphrase');
  const key = passphrases.derive(text, { ...strength, salt });
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(authenticated(role, publicKey));
  const plain = privateKey.export({ type: 'pkcs8', format: 'der' });
  const data = Buffer.concat([cipher.update(plain), cipher.final()]);
  const sealed: Sealed = {
    format: 1,
    publicKey,
    scrypt: { ...strength, salt: salt.toString('base64') },
    aes256gcm: {
      nonce: nonce.toString('base64'),
      data: data.toString('base64'),
      tag: cipher.getAuthTag().toString('base64'),
    },
  };
  return `${JSON.stringify(sealed, undefined, 2)}\n`;
}

/** The private key; undefined when no passphrase opens it. */
export function openSealedKey(sealed: Sealed, role: string, passphrases: KeyPassphrases): KeyObject | undefined {
  for (const text of passphrases.texts) {
    const key = passphrases.derive(text, derivationOf(sealed));
    const { nonce, data, tag } = sealed.aes256gcm;
    const decipher = createDecipheriv('aes-256-gcm', key, Buffer.from(nonce, 'base64'), { authTagLength: 16 })
      .setAAD(authenticated(role, sealed.publicKey))
      .setAuthTag(Buffer.from(tag, 'base64'));
    try {
      const plain = Buffer.concat([decipher.update(Buffer.from(data, 'base64')), decipher.final()]);
      return createPrivateKey({ key: plain, format: 'der', type: 'pkcs8' });
    } catch {
      // Not this passphrase: the tag says so, and nothing else can be told apart from it. The next one may fit.
    }
  }
  return undefined;
}

export function derivationOf({ scrypt }: Sealed): Derivation {
  return { ...scrypt, salt: Buffer.from(scrypt.salt, 'base64') };
}

function authenticated(role: string, publicKey: string): Buffer {
  return Buffer.from(JSON.stringify(['sallyport-key', 1, role, publicKey]));
}
