/** Fetches a document of an identity provider: https only, by the one way out (T24), bounded in size and time (T19, T78). */
import { messageOf } from '@sallyport/model';
import type { Outbound } from '../../outbound/outbound.ts';

const largestBytes = 256 * 1024;
const timeoutMilliseconds = 10_000;

/** A `fetch` that trusts a CA of one's own; a form is posted. Rejects when there is no answer; the status is the caller's to judge. */
export function providerFetch(
  outbound: Outbound,
  caPem: string | undefined,
): (url: string, form?: URLSearchParams) => Promise<Response> {
  return async (text, form) => {
    const url = new URL(text);
    if (url.protocol !== 'https:') throw new Error(`${url.origin} is not asked: it is not https`);
    const posted =
      form === undefined
        ? ({ method: 'GET', headers: { accept: 'application/json' } } as const)
        : ({
            method: 'POST',
            headers: { accept: 'application/json', 'content-type': 'application/x-www-form-urlencoded' },
            body: form.toString(),
          } as const);
    try {
      const answer = await outbound(url, { ...posted, caPem, timeoutMilliseconds, largestBytes });
      return new Response(new Uint8Array(answer.body), {
        status: answer.status,
        headers: { 'content-type': answer.contentType },
      });
    } catch (error) {
      throw new Error(`${url.origin} did not answer: ${messageOf(error)}`, { cause: error });
    }
  };
}
