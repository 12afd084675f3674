/** Tokens end with the machine key that they were asked for with, by the centre's clock. Pure. */
import { keyAge } from '../machines/key-age.ts';
import type { VerifiedToken } from './access-token.ts';

/** Clocks of control planes may be apart by this. Milliseconds. */
const skew = 60_000;

/**
 * Whether the machine's key that a token rests on is over: it has expired, or another is the machine's since `keySince`. Whoever has a
 * copy of a key that was replaced has nothing of the tokens got with it. A time in the future was stored by a clock that was wrong
 * and says nothing (T72).
 */
export function isKeyOver({ issuedAt }: VerifiedToken, keySince: number, vmId: string, now: number): boolean {
  const replaced = keySince <= now && issuedAt < keySince - skew;
  return replaced || keyAge(keySince, vmId, now).expired;
}
