/**
 * Guessing at passwords (T74): after five failures a name waits, longer each time, up to a quarter of an hour. Names that nobody has
 * wait too, so that waiting tells nothing. Pure; the store's part is in `password-sign-in.ts`.
 */

/** Failures that cost nothing: people mistype. */
const free = 5;
const firstWait = 30_000;
const longestWait = 15 * 60_000;
/** Failures are forgotten after this long without one. */
export const forgottenAfter = 24 * 3_600_000;

/** Until when a name has to wait after its n-th failure in a row. */
export function blockedUntil(failures: number, now: number): number {
  if (failures < free) return 0;
  return now + Math.min(firstWait * 2 ** Math.min(failures - free, 20), longestWait);
}
