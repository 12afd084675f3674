/** Client secrets are kept as scrypt hashes only: who reads the database cannot sign in with it. */
import { scrypt, timingSafeEqual } from 'node:crypto';

const cost = { N: 16_384, r: 8, p: 1 } as const;
const length = 32;

function derive(secret: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret.normalize('NFC'), salt, length, cost, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

/** `scrypt$16384$8$1$<salt>$<hash>`, base64url. `salt` is 16 fresh random bytes. */
export async function hashSecret(secret: string, salt: Uint8Array): Promise<string> {
  const bytes = Buffer.from(salt);
  const key = await derive(secret, bytes);
  return `scrypt$${cost.N}$${cost.r}$${cost.p}$${bytes.toString('base64url')}$${key.toString('base64url')}`;
}

/** Whether the secret is the hashed one. A hash of undefined costs the same time and is never equal. */
export async function secretMatches(secret: string, hash: string | undefined): Promise<boolean> {
  const [scheme, n, r, p, salt = '', key = ''] = (hash ?? '').split('$');
  const known = scheme === 'scrypt' && n === String(cost.N) && r === String(cost.r) && p === String(cost.p);
  const expected = known ? Buffer.from(key, 'base64url') : Buffer.alloc(length);
  const actual = await derive(secret, known ? Buffer.from(salt, 'base64url') : Buffer.alloc(16));
  return timingSafeEqual(actual, expected) && known;
}
