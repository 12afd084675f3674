/**
 * Which requests the local endpoint listens to: those of programs on this machine that mean it. A browser, a page that made its
 * name resolve to 127.0.0.1, and a server that was talked into fetching a URL are told apart by their headers (T24, T60). Pure.
 */
import { badRequest, refusal, type LocalAnswer } from './local-answer.ts';

export interface LocalRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

/** Whoever adds one of these passes on a request of somebody else. */
export const forwardingHeaders = [
  'forwarded',
  'via',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-real-ip',
  'x-original-url',
] as const;

/** Only browsers send these. */
export const browserHeaders = ['origin', 'referer', 'sec-fetch-site'] as const;

/** The refusal of a request that this endpoint does not listen to, or undefined when it does. `port` is the one it came to. */
export function refuseForeign(request: LocalRequest, port: number): LocalAnswer | undefined {
  const { headers, method } = request;
  const names = [`127.0.0.1:${port}`, `localhost:${port}`, `[::1]:${port}`];
  const host = headers['host'];
  if (typeof host !== 'string' || !names.includes(host.toLowerCase())) {
    return refusal(
      403,
      'forbidden',
      `The Host header must be ${names.join(', ')}: this endpoint serves programs of this machine under its own names only.`,
    );
  }
  const forwarded = forwardingHeaders.find((name) => headers[name] !== undefined);
  if (forwarded !== undefined) {
    return refusal(
      403,
      'forbidden',
      `The request carries the header '${forwarded}'; forwarded requests are not served.`,
    );
  }
  const browser = browserHeaders.find((name) => headers[name] !== undefined);
  if (browser !== undefined) {
    return refusal(403, 'forbidden', `The request carries the header '${browser}'; pages in browsers are not served.`);
  }
  if (method !== 'GET') {
    return {
      ...refusal(405, 'method_not_allowed', `The method ${printable(method)} is not served here; use GET.`),
      headers: { allow: 'GET' },
    };
  }
  const metadata = headers['metadata'];
  if (typeof metadata !== 'string' || metadata.toLowerCase() !== 'true') {
    return badRequest("The header 'Metadata: true' is missing: send it with every request to this endpoint.");
  }
  return undefined;
}

function printable(text: string): string {
  return text.replace(/[^A-Za-z]/g, '?').slice(0, 20);
}
