/** How a client takes "come again later" (429): nothing was done, so the same request is sent again. Pure. */

/** How long one request is tried for in all, in seconds. */
const mostSeconds = 120;
/** Where the answer does not say. */
const usualSeconds = 5;

/**
 * How many seconds to wait before a request that was answered with 429 is sent again; undefined when it has been tried for long enough.
 * `waited` are the seconds waited for it already.
 */
export function secondsToWait(retryAfter: string | undefined, waited: number): number | undefined {
  const asked = /^[0-9]{1,6}$/.test(retryAfter ?? '') ? Math.max(1, Number(retryAfter)) : usualSeconds;
  return waited + asked > mostSeconds ? undefined : asked;
}
