/**
 * Requests and answers as they are on the wire, without the objects that a router makes around them. The agent API uses them: a fleet
 * holds as many of these as it has machines, and each beats all the time (decision 0191).
 */
import { isUtf8 } from 'node:buffer';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ChannelRequestName } from '@sallyport/model/channel';
import type { PresentedToken } from '../identity/presented-token.ts';
import type { RequestKind } from '../monitoring/request-kind.ts';

export interface PlainRequest {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** What it says of who asks. */
  readonly presented: PresentedToken;
  /** The name in lower case. */
  header(name: string): string | undefined;
  /** The text of the body, or undefined when it is larger than `limit` bytes, compressed, or not UTF-8 (T19, T79). */
  text(limit: number): Promise<string | undefined>;
  /** Calls back once when the client goes away before it is answered; at once when it has gone. */
  whenGone(gone: () => void): void;
  /** Lets go of what arrived: this request is held, and so are those of all other machines. Headers are gone afterwards. */
  release(): void;
}

export interface PlainAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** JSON; without one there is no body. */
  readonly body?: string;
}

/** How a request is answered. */
export interface PlainRoute {
  readonly kind: RequestKind;
  /** Of its body, in bytes; a larger one is not read. */
  readonly largest: number;
  readonly answer: (request: PlainRequest) => Promise<PlainAnswer>;
  /** For a request whose connection becomes a channel when it is answered 101: what answers the requests that come over it. */
  readonly channel?: (what: ChannelRequestName) => PlainRoute;
}

/** What answers the requests of a method and a path, or undefined when they are somebody else's. */
export type PlainRoutes = (method: string, path: string) => PlainRoute | undefined;

/** An answer that is a value as JSON. */
export function jsonAnswer(value: unknown, status = 200, headers?: Readonly<Record<string, string>>): PlainAnswer {
  return { status, body: JSON.stringify(value), ...(headers === undefined ? {} : { headers }) };
}

const nothing: readonly string[] = Object.freeze([]);
const noHeaders: IncomingMessage['headers'] = Object.freeze({});

/** The request of a Node server. */
class NodeRequest implements PlainRequest {
  readonly method: string;
  readonly path: string;
  readonly #incoming: IncomingMessage;
  readonly #response: ServerResponse;

  constructor(method: string, path: string, incoming: IncomingMessage, response: ServerResponse) {
    this.method = method;
    this.path = path;
    this.#incoming = incoming;
    this.#response = response;
  }

  get presented(): PresentedToken {
    return { authorization: this.header('authorization') };
  }

  header(name: string): string | undefined {
    const value = this.#incoming.headers[name];
    return typeof value === 'string' ? value : value?.[0];
  }

  text(limit: number): Promise<string | undefined> {
    return bodyText(this.#incoming, this.#response, limit);
  }

  whenGone(gone: () => void): void {
    if (this.#response.closed) gone();
    else this.#response.once('close', gone);
  }

  release(): void {
    // One empty object for all of them.
    this.#incoming.headers = noHeaders;
    this.#incoming.rawHeaders = nothing as string[];
  }
}

/** The path of a request, without its query. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?');
  return query === -1 ? url : url.slice(0, query);
}

/** The request of a Node server, whose path is known. */
export function plainRequest(
  method: string,
  path: string,
  incoming: IncomingMessage,
  response: ServerResponse,
): PlainRequest {
  return new NodeRequest(method, path, incoming, response);
}

function bodyText(incoming: IncomingMessage, response: ServerResponse, limit: number): Promise<string | undefined> {
  const { headers } = incoming;
  const isPlain = (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity';
  return new Promise((resolve, reject) => {
    const refuse = (): void => {
      incoming.off('data', take);
      // What is still coming belongs to nothing: the connection ends with the answer.
      response.setHeader('connection', 'close');
      resolve(undefined);
    };
    let chunks: Buffer[] = [];
    let size = 0;
    const take = (chunk: Buffer): void => {
      size += chunk.byteLength;
      if (size > limit) refuse();
      else chunks.push(chunk);
    };
    if (!isPlain || Number(headers['content-length'] ?? 0) > limit) {
      refuse();
      return;
    }
    incoming.on('data', take);
    incoming.once('end', () => {
      const [first = Buffer.alloc(0)] = chunks;
      const whole = chunks.length > 1 ? Buffer.concat(chunks, size) : first;
      incoming.off('data', take);
      incoming.off('error', reject);
      chunks = [];
      resolve(isUtf8(whole) ? whole.toString('utf8') : undefined);
    });
    incoming.once('error', reject);
  });
}

/** The same answer for a router. */
export function responseOf({ status, headers, body }: PlainAnswer): Response {
  return new Response(body, { status, headers: { 'content-type': 'application/json', ...headers } });
}

/** Sends an answer. */
export function sendAnswer(response: ServerResponse, { status, headers, body }: PlainAnswer): void {
  if (body === undefined) {
    response.writeHead(status, headers).end();
    return;
  }
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    ...headers,
  });
  response.end(body);
}
