import { decodeJwt } from 'jose';

/** Who a token says it is from, undefined when it is no token or says nothing. Not proven by reading it: it only tells where to look. */
export function claimedIssuer(token: string): string | undefined {
  try {
    return decodeJwt(token).iss;
  } catch {
    // Not a JWT at all; the caller refuses it.
    return undefined;
  }
}
