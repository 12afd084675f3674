/**
 * The one way out of the control plane: resolves a name once, holds every address that it stands for against the rule, and connects to what
 * it resolved and to nothing else, so that a name cannot change its meaning in between (DNS rebinding, T24). Redirects are answers and are
 * not followed. Bounded in size and time (T19, T78).
 */
import { lookup as lookupSystem } from 'node:dns/promises';
import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import { hostOf, type OutboundRule } from './outbound-rule.ts';

export interface OutboundRequest {
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM of the only CA that is trusted, when the system's do not do. */
  readonly caPem?: string | undefined;
  readonly timeoutMilliseconds: number;
  /** Of the answer. */
  readonly largestBytes: number;
}

export interface OutboundAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
}

/** Sends a request. Rejects when it may not be sent or there is no answer; the status is the caller's to judge. */
export type Outbound = (url: URL, request: OutboundRequest) => Promise<OutboundAnswer>;

export interface ResolvedAddress {
  readonly address: string;
  readonly family: number;
}

/** All addresses of a name. */
export type Resolve = (host: string) => Promise<readonly ResolvedAddress[]>;

/** An address that nothing is fetched from. */
export class OutboundRefused extends Error {
  override readonly name = 'OutboundRefused';
}

/** The way out under a rule. */
export function createOutbound(
  rule: OutboundRule,
  resolve: Resolve = (host) => lookupSystem(host, { all: true }),
): Outbound {
  return async (url, asked) => {
    const addresses = await permitted(rule, resolve, url);
    return send(url, asked, addresses);
  };
}

async function permitted(rule: OutboundRule, resolve: Resolve, url: URL): Promise<readonly ResolvedAddress[]> {
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new OutboundRefused(`'${url.protocol}' is not http or https`);
  if (url.username !== '' || url.password !== '') throw new OutboundRefused('it holds a user name or password');
  const host = hostOf(url);
  const family = isIP(host);
  const addresses = family === 0 ? await resolve(host) : [{ address: host, family }];
  if (addresses.length === 0) throw new OutboundRefused(`${host} stands for no address`);
  const refused = addresses.find(({ address }) => !rule.permits(url, address));
  if (refused === undefined) return addresses;
  const stands = family === 0 ? `${host} stands for ${refused.address}, which` : host;
  throw new OutboundRefused(
    `${stands} is not an address of the public internet; if it is meant, name the host or its network in outboundAllow`,
  );
}

function send(url: URL, asked: OutboundRequest, addresses: readonly ResolvedAddress[]): Promise<OutboundAnswer> {
  return new Promise((resolve, reject) => {
    const outgoing = (url.protocol === 'https:' ? requestHttps : requestHttp)(
      url,
      {
        method: asked.method,
        // A connection of its own: none that was made under another name is used again.
        agent: false,
        lookup: alreadyResolved(addresses),
        // Whole, not only between bytes.
        signal: AbortSignal.timeout(asked.timeoutMilliseconds),
        headers: {
          ...asked.headers,
          ...(asked.body === undefined ? {} : { 'content-length': Buffer.byteLength(asked.body) }),
        },
        ...(asked.caPem === undefined ? {} : { ca: asked.caPem }),
      },
      (incoming) => {
        readBounded(incoming, asked.largestBytes).then(
          (body) =>
            resolve({
              status: incoming.statusCode ?? 500,
              contentType: incoming.headers['content-type'] ?? '',
              body,
            }),
          reject,
        );
      },
    );
    outgoing.on('error', reject);
    outgoing.end(asked.body);
  });
}

/** Answers with what was resolved, whatever the name has come to mean since. */
function alreadyResolved(addresses: readonly ResolvedAddress[]): LookupFunction {
  return (host, options, done) => {
    const [first] = addresses;
    if (options.all === true) done(null, [...addresses]);
    else if (first === undefined) done(new Error(`${host} stands for no address`), '');
    else done(null, first.address, first.family);
  };
}

async function readBounded(incoming: IncomingMessage, largest: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > largest) throw new Error('the answer is too large');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
