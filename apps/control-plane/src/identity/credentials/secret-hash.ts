/**
 * Secrets of applications and passwords of people are kept as scrypt hashes only: who reads the database cannot sign in with it.
 * A password is something a person can remember, so guessing at it is made eight times as dear as at 256 random bits.
 */
import { scrypt, timingSafeEqual } from 'node:crypto';
import { TokenError } from '../token-error.ts';

interface Cost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

/** For secrets that were drawn at random. */
export const secretCost: Cost = { N: 16_384, r: 8, p: 1 };
/** For passwords (OWASP's figures). */
export const passwordCost: Cost = { N: 65_536, r: 8, p: 2 };

const length = 32;
/** Hashing is dear by intent; whoever sends sign-ins without end must not make everybody wait for them (T19). */
const mostAtOnce = 64;
let atWork = 0;

async function derive(secret: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  if (atWork >= mostAtOnce)
    throw new TokenError('temporarily_unavailable', 'Too many sign in right now. Try again in a few seconds.');
  atWork += 1;
  return new Promise<Buffer>((resolve, reject) => {
    const options = { ...cost, maxmem: 256 * cost.N * cost.r };
    scrypt(secret.normalize('NFC'), salt, length, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  }).finally(() => {
    atWork -= 1;
  });
}

/** `scrypt$16384$8$1$<salt>$<hash>`, base64url. `salt` is 16 fresh random bytes. */
export async function hashSecret(secret: string, salt: Uint8Array, cost: Cost = secretCost): Promise<string> {
  const bytes = Buffer.from(salt);
  const key = await derive(secret, bytes, cost);
  return `scrypt$${cost.N}$${cost.r}$${cost.p}$${bytes.toString('base64url')}$${key.toString('base64url')}`;
}

/** Whether the secret is the hashed one. A hash of undefined costs the same time and is never equal. */
export async function secretMatches(
  secret: string,
  hash: string | undefined,
  cost: Cost = secretCost,
): Promise<boolean> {
  const [scheme, n, r, p, salt = '', key = ''] = (hash ?? '').split('$');
  const known = scheme === 'scrypt' && n === String(cost.N) && r === String(cost.r) && p === String(cost.p);
  const expected = known ? Buffer.from(key, 'base64url') : Buffer.alloc(length);
  const actual = await derive(secret, known ? Buffer.from(salt, 'base64url') : Buffer.alloc(16), cost);
  return timingSafeEqual(actual, expected) && known;
}
