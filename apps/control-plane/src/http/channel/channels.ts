/** The channels of this process: how a connection becomes one, and how all of them end. */
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { channelProtocol, type ChannelError } from '@sallyport/model/channel';
import type { PresentedToken } from '../../identity/presented-token.ts';
import type { PlainAnswer, PlainRequest, PlainRoute } from '../plain-request.ts';
import { Channel, type ChannelHost } from './channel.ts';

/** Quiet channels are looked for that often: all of a fleet are passed, and nothing is lost by a third of a minute. Milliseconds. */
const lookMilliseconds = 20_000;

export interface ChannelsOptions {
  answer(route: PlainRoute, request: PlainRequest): Promise<PlainAnswer>;
  failed(error: unknown): PlainAnswer;
  broken(error: ChannelError): void;
}

/** Whether a request asks for its connection to become a channel. */
export function asksForChannel({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === channelProtocol;
}

/** What a request for a channel gets that does not ask for its connection to become one. */
export const upgradeRequired: PlainAnswer = {
  status: 426,
  headers: { connection: 'upgrade', upgrade: channelProtocol, 'content-type': 'application/json' },
  body: JSON.stringify({
    error: {
      code: 'UpgradeRequired',
      message: `This address opens channels of agents; ask for it with "Connection: Upgrade" and "Upgrade: ${channelProtocol}".`,
    },
  }),
};

export class Channels implements ChannelHost {
  readonly #options: ChannelsOptions;
  readonly #open = new Set<Channel>();
  readonly #looking: NodeJS.Timeout;
  #isEnding = false;

  constructor(options: ChannelsOptions) {
    this.#options = options;
    this.#looking = setInterval(() => {
      const now = performance.now();
      for (const channel of this.#open) channel.check(now);
    }, lookMilliseconds);
    this.#looking.unref();
  }

  get isEnding(): boolean {
    return this.#isEnding;
  }

  /** Answers a request for a channel; `head` is what has arrived after it. */
  async open(route: PlainRoute, path: string, incoming: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    // Node hands over what is read from a connection; nothing else comes here.
    const socket = stream instanceof Socket ? stream : undefined;
    if (socket === undefined) {
      stream.destroy();
      return;
    }
    const fail = (): void => {
      socket.destroy();
    };
    socket.on('error', fail);
    const request = new OpeningRequest(path, incoming, socket);
    const answer = await this.#options.answer(route, request).catch((error: unknown) => this.#options.failed(error));
    if (socket.destroyed) return;
    const { channel: routes } = route;
    if (answer.status !== 101 || routes === undefined) {
      socket.end(answerText(answer));
      return;
    }
    socket.off('error', fail);
    socket.write(`HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: ${channelProtocol}\r\n\r\n`);
    const base = path.slice(0, path.lastIndexOf('/') + 1);
    const channel = new Channel(this, socket, base, request.presented, routes);
    this.#open.add(channel);
    if (head.length > 0) channel.read(head);
  }

  answer(route: PlainRoute, request: PlainRequest): Promise<PlainAnswer> {
    return this.#options.answer(route, request);
  }

  failed(error: unknown): PlainAnswer {
    return this.#options.failed(error);
  }

  broken(error: ChannelError): void {
    this.#options.broken(error);
  }

  closed(channel: Channel): void {
    this.#open.delete(channel);
  }

  /** From now on each channel closes with its last answer. */
  drain(): void {
    this.#isEnding = true;
  }

  /** Closes those on which nothing is under way. */
  close(): void {
    this.drain();
    clearInterval(this.#looking);
    for (const channel of this.#open) channel.finish();
  }

  /** Cuts what is left. */
  cut(): void {
    for (const channel of this.#open) channel.cut();
  }
}

/** The request that opens a channel: it has no body. */
class OpeningRequest implements PlainRequest {
  readonly method = 'GET';
  readonly path: string;
  readonly #incoming: IncomingMessage;
  readonly #socket: Socket;

  readonly presented: PresentedToken;

  constructor(path: string, incoming: IncomingMessage, socket: Socket) {
    this.path = path;
    this.presented = { authorization: incoming.headers.authorization };
    this.#incoming = incoming;
    this.#socket = socket;
  }

  header(name: string): string | undefined {
    const value = this.#incoming.headers[name];
    return typeof value === 'string' ? value : value?.[0];
  }

  text(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  whenGone(gone: () => void): void {
    if (this.#socket.destroyed) gone();
    else this.#socket.once('close', gone);
  }

  release(): void {
    // Nothing is held while a channel opens.
  }
}

/** An answer as HTTP has it, for a connection that was to become a channel and is closed now. */
function answerText({ status, headers, body = '' }: PlainAnswer): string {
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    ...Object.entries({
      'content-type': 'application/json',
      ...headers,
      'content-length': String(Buffer.byteLength(body)),
      connection: 'close',
    }).map(([name, value]) => `${name}: ${value}`),
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
