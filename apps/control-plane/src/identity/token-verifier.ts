/**
 * Verifies access tokens. A signature costs more than everything else of a heartbeat, so that it was verified is remembered; nothing
 * else is (decision 0190). Whether its key still stands, and the time, are looked at whenever the token comes again; whoever asks looks
 * at principal, session and machine in the store each time. So nothing that can be taken back is remembered.
 */
import { hash } from 'node:crypto';
import {
  claimedKeyId,
  isInItsTime,
  outOfItsTime,
  requireInKeysTime,
  unknownKey,
  verifySignature,
  type VerifiedToken,
} from './access-token.ts';
import type { Endpoint } from './endpoint.ts';
import type { SigningKeys } from './signing-keys.ts';

export interface TokenVerifier {
  /** What a token proves now. Throws jose's error when that is nothing. */
  verify(token: string, now: number): Promise<VerifiedToken>;
  /** The same for one that has been verified at some time. Throws the same. */
  verifyAgain(verified: VerifiedToken, now: number): Promise<VerifiedToken>;
  /** How many tokens are remembered. */
  remembered(): number;
}

/** A fleet's tokens, twice over: each machine gets another within the hour. An entry takes some 300 bytes. */
const mostRemembered = 50_000;

/** A verifier of the tokens that are signed with these keys. */
export function createTokenVerifier(keys: SigningKeys, endpoint: Endpoint, most = mostRemembered): TokenVerifier {
  /** By a hash of the token, in the order they came: whoever reads this memory finds no token in it. */
  const verified = new Map<string, VerifiedToken>();

  function remember(id: string, token: VerifiedToken): void {
    if (verified.size >= most) {
      const [oldest] = verified.keys();
      if (oldest !== undefined) verified.delete(oldest);
    }
    verified.set(id, token);
  }

  return {
    verify: async (token, now) => {
      const id = hash('sha256', token, 'base64');
      const known = verified.get(id);
      const keyId = known?.keyId ?? claimedKeyId(token);
      const key = await keys.verifier(keyId);
      // A key that is gone takes with it what it signed, and so does the time.
      if (key === undefined || (known !== undefined && !isInItsTime(known, now))) verified.delete(id);
      if (key === undefined) throw unknownKey();
      if (known === undefined || !verified.has(id)) {
        const fresh = await verifySignature(token, keyId, key, endpoint, now);
        remember(id, fresh);
        return fresh;
      }
      requireInKeysTime(known, key);
      return known;
    },
    verifyAgain: async (known, now) => {
      const key = await keys.verifier(known.keyId);
      if (key === undefined) throw unknownKey();
      if (!isInItsTime(known, now)) throw outOfItsTime();
      requireInKeysTime(known, key);
      return known;
    },
    remembered: () => verified.size,
  };
}
