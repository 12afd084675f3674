/**
 * HTTPS for the agent: `node:https` (the global fetch costs 17 MB), keep-alive, bounded in time and size. Answers come from
 * the network and are hostile until something signed says otherwise (T23, T25, T78).
 */
import { Agent as HttpAgent, request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { Socket } from 'node:net';
import { getCACertificates } from 'node:tls';
import { CodedError, messageOf } from '@sallyport/model';
import { guardedLookup } from './guarded-lookup.ts';

export interface HttpRequest {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE' | 'HEAD';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the first byte sent to the last received, in milliseconds. */
  readonly timeoutMilliseconds: number;
  readonly signal?: AbortSignal | undefined;
  /** Asked of every address that the host's name stands for, at the moment of connecting; without it any address will do. */
  readonly mayConnectTo?: (address: string) => boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** A connection that is HTTP no longer, and what has arrived of what follows. */
export interface Upgraded {
  readonly socket: Socket;
  readonly head: Buffer;
}

/** A request for a connection that becomes something else than HTTP. */
export interface UpgradeRequest {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** What it is to become. */
  readonly protocol: string;
  /** Until a connection is there and the request has been sent over it. */
  readonly connectingMilliseconds: number;
  /** From then on. */
  readonly answeringMilliseconds: number;
}

/** How a request for an upgrade that was sent ended; `unanswered` says what came in the place of an answer. */
export type Upgrading = Upgraded | { readonly answer: HttpAnswer } | { readonly unanswered: HttpError };

/** `Unreachable`: no answer. `TimedOut`: not in time. `TooLarge`: more than allowed. `Refused`: never sent. */
export class HttpError extends CodedError<'Unreachable' | 'TimedOut' | 'TooLarge' | 'Refused'> {
  override readonly name = 'HttpError';
}

/** How to get out: the proxy in force, or none. */
export interface Proxy {
  /** `http://[user:password@]host:port`; may hold a secret and is never shown. */
  readonly url: string;
  /** Hosts that are reached directly, comma separated, as in `NO_PROXY`. */
  readonly except: string;
}

export interface HttpClientOptions {
  /** PEM of the authorities that vouch for `origin`; absent for those of the system. */
  readonly authorities?: string | undefined;
  /** The origin that `authorities` is for. Other hosts are checked against the system's authorities and these. */
  readonly origin: string;
  /** Asked before each request: the property can change at any time. */
  proxy(): Proxy | undefined;
}

type Kind = 'own' | 'foreign' | 'plain';

/** Holds the kept-alive connections of one machine. */
export class HttpClient {
  readonly #options: HttpClientOptions;
  /** Made when they are first needed: the authorities of the system take megabytes. */
  #agents: { readonly key: string; readonly made: Map<Kind, HttpAgent | HttpsAgent> } | undefined;
  /** The last TLS session with `origin`. Node's agent forgets it when a connection fails, as they all do while a control plane starts anew. */
  #session: Buffer | undefined;

  constructor(options: HttpClientOptions) {
    this.#options = options;
  }

  /** Sends a request and reads the whole answer, at most `maximumBytes` of it. Any status is an answer. */
  async request(request: HttpRequest, maximumBytes: number): Promise<HttpAnswer> {
    return this.open(request, async (message) => ({
      status: message.statusCode ?? 0,
      headers: message.headers,
      body: await readAll(message, maximumBytes, request.url),
    }));
  }

  /** Sends a request and hands the answer to `use` as it arrives; both end by the request's time limit. Redirects are not followed (T24). */
  async open<T>(request: HttpRequest, use: (message: IncomingMessage) => Promise<T>): Promise<T> {
    const limit = AbortSignal.timeout(Math.ceil(request.timeoutMilliseconds));
    const signal = request.signal === undefined ? limit : AbortSignal.any([limit, request.signal]);
    return this.#told(
      request.url,
      limit,
      () => request.timeoutMilliseconds,
      async () => use(await this.#send(request, signal)),
    );
  }

  /** Says in one sentence what stood against a request. */
  async #told<T>({ host }: URL, limit: AbortSignal, milliseconds: () => number, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof CodedError) throw error;
      if (limit.aborted) {
        const seconds = Math.round(milliseconds() / 1000);
        throw new HttpError('TimedOut', `${host} did not answer in full within ${seconds} seconds.`, { cause: error });
      }
      throw new HttpError('Unreachable', `${host} cannot be reached: ${withoutSecrets(messageOf(error))}.`, {
        cause: error,
      });
    }
  }

  /**
   * Asks for a connection that becomes something else than HTTP. Gives the connection, on which nothing has been read since, or the
   * answer to a request that was not granted, at most `maximumBytes` of it: a connection that became something else than was asked for
   * was not granted either. Throws `HttpError` when the request could not even be sent.
   */
  async upgrade(request: UpgradeRequest, maximumBytes: number): Promise<Upgrading> {
    const { url, protocol, connectingMilliseconds, answeringMilliseconds } = request;
    const limit = new AbortController();
    const giveUpIn = (milliseconds: number): NodeJS.Timeout => setTimeout(() => limit.abort(), Math.ceil(milliseconds));
    let timer = giveUpIn(connectingMilliseconds);
    let wasSent = false;
    const sent = (): void => {
      wasSent = true;
      clearTimeout(timer);
      timer = giveUpIn(answeringMilliseconds);
    };
    const headers = { ...request.headers, connection: 'upgrade', upgrade: protocol };
    const asked = { method: 'GET', url, headers, timeoutMilliseconds: answeringMilliseconds } as const;
    const patience = (): number => (wasSent ? answeringMilliseconds : connectingMilliseconds);
    try {
      return await this.#told(url, limit.signal, patience, async () => {
        const sending = this.#sending(asked, limit.signal);
        // Of a connection that does not come to be nothing is sent, also where it leads through a proxy.
        sending.once('finish', sent);
        const { message, upgraded } = await answerOf(sending, url);
        const { statusCode: status = 0, headers: got } = message;
        const became = got.upgrade?.toLowerCase();
        if (upgraded !== undefined && became === protocol) return upgraded;
        if (status !== 101)
          return { answer: { status, headers: got, body: await readAll(message, maximumBytes, url) } };
        upgraded?.socket.destroy();
        return { answer: { status, headers: got, body: Buffer.alloc(0) } };
      });
    } catch (error) {
      if (wasSent && error instanceof HttpError) return { unanswered: error };
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Which way out is in force now; connections that were opened by another are not to be used any more. */
  get way(): string {
    const proxy = this.#options.proxy();
    return proxy === undefined ? '' : `${proxy.url} ${proxy.except}`;
  }

  /** The same for whoever may read it. */
  get shownWay(): string {
    return withoutSecrets(this.way);
  }

  /** Closes the connections. The client can still be used; it opens new ones. */
  close(): void {
    const made = this.#agents?.made;
    this.#agents = undefined;
    for (const agent of made?.values() ?? []) agent.destroy();
  }

  #send(request: HttpRequest, signal: AbortSignal): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const body = request.body === undefined ? undefined : Buffer.from(request.body);
      const sending = this.#sending(request, signal, body?.length);
      sending.on('response', resolve);
      sending.on('error', (error) => {
        // The other side closed a kept connection in the moment it was used again: nothing was answered, and reading twice is reading.
        const isStale =
          sending.reusedSocket && 'code' in error && error.code === 'ECONNRESET' && request.method === 'GET';
        if (isStale && !signal.aborted) resolve(this.#send(request, signal));
        else reject(error);
      });
      sending.end(body);
    });
  }

  /** A request that has begun, and not ended. */
  #sending(request: HttpRequest, signal: AbortSignal, length?: number): ClientRequest {
    const secure = request.url.protocol === 'https:';
    const isOwn = this.#kindOf(request.url) === 'own';
    const sending = (secure ? requestHttps : requestHttp)(request.url, {
      ...(isOwn && this.#session !== undefined ? { session: this.#session } : {}),
      method: request.method,
      agent: this.#agentFor(request.url),
      signal,
      ...(request.mayConnectTo === undefined ? {} : { lookup: guardedLookup(request.mayConnectTo) }),
      headers: { ...request.headers, ...(length === undefined ? {} : { 'content-length': String(length) }) },
    });
    if (isOwn) {
      sending.once('socket', (socket) => {
        if (sending.reusedSocket) return;
        socket.on('session', (session: Buffer) => {
          this.#session = session;
        });
      });
    }
    return sending;
  }

  #agentFor(url: URL): HttpAgent | HttpsAgent {
    const proxy = this.#options.proxy();
    const key = this.way;
    if (this.#agents?.key !== key) {
      this.close();
      this.#agents = { key, made: new Map() };
    }
    const { made } = this.#agents;
    const kind = this.#kindOf(url);
    const agent = made.get(kind) ?? this.#makeAgent(kind, proxy);
    made.set(kind, agent);
    return agent;
  }

  #kindOf(url: URL): Kind {
    if (url.protocol === 'http:') return 'plain';
    return url.origin === this.#options.origin ? 'own' : 'foreign';
  }

  #makeAgent(kind: Kind, proxy: Proxy | undefined): HttpAgent | HttpsAgent {
    const proxyEnv =
      proxy === undefined ? {} : { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url, NO_PROXY: proxy.except };
    const common = { keepAlive: true, timeout: 0, maxSockets: 8, proxyEnv };
    if (kind === 'plain') return new HttpAgent(common);
    const own = this.#options.authorities;
    const ca =
      kind === 'own' && own !== undefined ? [own] : [...systemAuthorities(), ...(own === undefined ? [] : [own])];
    return new HttpsAgent({ ...common, minVersion: 'TLSv1.2', ca });
  }
}

/** Those that Node brings along or was told of, and those of this machine's administrator. */
function systemAuthorities(): readonly string[] {
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}

/** The answer to a request, and its connection if that is HTTP no longer. */
function answerOf(
  sending: ClientRequest,
  { host }: URL,
): Promise<{ readonly message: IncomingMessage; readonly upgraded?: Upgraded }> {
  return new Promise((resolve, reject) => {
    sending.on('upgrade', (message, stream, head) => {
      // What Node connects with is a socket, with TLS or without.
      if (stream instanceof Socket) resolve({ message, upgraded: { socket: stream, head } });
      else reject(new Error(`${host} was reached over something else than a socket`));
    });
    sending.on('response', (message) => {
      // It does not say what its connection is now: nothing more is to be sent over that.
      if (message.statusCode === 101) message.socket.destroy();
      resolve({ message });
    });
    sending.on('error', reject);
    sending.end();
  });
}

async function readAll(message: IncomingMessage, maximumBytes: number, url: URL): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maximumBytes) {
      message.destroy();
      throw new HttpError('TooLarge', `${url.host} answered with more than ${maximumBytes} bytes.`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Error texts of the network layer can quote a proxy's URL; what is between `//` and `@` goes. */
function withoutSecrets(text: string): string {
  return text.replace(/\/\/[^/@\s]*@/g, '//***@').replace(/\?[^\s]*/g, '');
}
