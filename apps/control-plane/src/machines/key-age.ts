/**
 * How long a machine's key is good, by the centre's clock alone: a machine whose clock jumps renews neither too often nor too
 * late (T72). Nothing of it is stored, so a wrong clock of the centre leaves nothing behind when it is set right. Pure.
 */

const day = 24 * 60 * 60 * 1000;
/** A key is good for 90 days (arc-agent §8.2). Milliseconds. */
export const keyLifeMilliseconds = 90 * day;
/** From its 45th day on it is renewed. Milliseconds. */
export const renewAfterMilliseconds = 45 * day;
/** Machines that were connected together are not asked all at once. Milliseconds. */
const spreadMilliseconds = day;

export interface KeyAge {
  readonly expired: boolean;
  /** It is time for another. */
  readonly renew: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

/**
 * The age of a key that is the machine's since `since` (milliseconds since 1970). 0: it is to be renewed at once, and is good
 * until it is; so are keys from before ages were kept. One from the future was stored by a clock that was wrong, and is renewed.
 */
export function keyAge(since: number, vmId: string, now: number): KeyAge {
  if (since === 0) return { expired: false, renew: true, expiresAt: now + keyLifeMilliseconds };
  const age = now - since;
  return {
    expired: age >= keyLifeMilliseconds,
    renew: age >= renewAfterMilliseconds + spreadOf(vmId) || age < -day,
    expiresAt: since + keyLifeMilliseconds,
  };
}

/** The same for one machine each time: from the first digits of its id. */
function spreadOf(vmId: string): number {
  const share = Number.parseInt(vmId.slice(0, 6), 16) / 0x1000000;
  return Number.isNaN(share) ? 0 : share * spreadMilliseconds;
}
