/** How a client proves who it is without a secret: a short-lived JWT signed with its own key (`private_key_jwt`), used once. */
import { createPublicKey, type KeyObject } from 'node:crypto';
import { errors, jwtVerify } from 'jose';
import { TokenError } from '../token-error.ts';

/** Longest life of an assertion, and how far clocks may be apart. Seconds. */
const longestLife = 10 * 60;
const skew = 60;

export interface VerifiedAssertion {
  readonly jti: string;
  /** Milliseconds since 1970: until then it must be remembered as used. */
  readonly expiresAt: number;
}

/** What an assertion has to be signed with: a key, by one of the algorithms that belong to it. */
export interface AssertionKey {
  readonly publicKey: KeyObject;
  readonly algorithms: readonly string[];
}

/** A machine's RSA key from base64 of PKCS#1 DER. Throws when it is not one of 2048–8192 bits. */
export function machineKey(base64: string): AssertionKey {
  const publicKey = createPublicKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs1' });
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < 2048 || bits > 8192) throw new Error(`The key has ${bits} bits; a machine's RSA key has 2048 to 8192.`);
  return { publicKey, algorithms: ['RS256'] };
}

/**
 * Checks signature, issuer, subject, audience, age and presence of `jti` (T30). Replay is the store's to refuse. `now` is in
 * milliseconds since 1970. Throws {@link TokenError} `invalid_client`.
 */
export async function verifyAssertion(
  assertion: string,
  clientId: string,
  { publicKey, algorithms }: AssertionKey,
  audiences: readonly string[],
  now: number,
): Promise<VerifiedAssertion> {
  try {
    const { payload } = await jwtVerify(assertion, publicKey, {
      algorithms: [...algorithms],
      audience: [...audiences],
      clockTolerance: skew,
      currentDate: new Date(now),
      requiredClaims: ['exp', 'jti', 'iss', 'sub', 'aud'],
    });
    // GUIDs: their case does not count.
    if (payload.iss?.toLowerCase() !== clientId || payload.sub?.toLowerCase() !== clientId)
      throw new TokenError('invalid_client', 'The issuer and subject of the client assertion must be the client id.');
    // Clients write times with fractions of a second (arm-api §4.2); a store takes whole milliseconds.
    const expiresAt = Math.ceil((payload.exp ?? 0) * 1000);
    if (expiresAt > now + (longestLife + skew) * 1000)
      throw new TokenError('invalid_client', 'The client assertion expires more than 10 minutes from now.');
    if (typeof payload.jti !== 'string' || payload.jti === '' || payload.jti.length > 200)
      throw new TokenError('invalid_client', 'The jti of the client assertion is not a text of 1 to 200 characters.');
    return { jti: payload.jti, expiresAt: expiresAt + skew * 1000 };
  } catch (error) {
    if (error instanceof TokenError) throw error;
    const reason = error instanceof errors.JOSEError ? ` (${error.code})` : '';
    throw new TokenError('invalid_client', `The client assertion is not valid${reason}.`, { cause: error });
  }
}
