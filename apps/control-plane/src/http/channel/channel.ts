/**
 * One connection that became a channel: requests in, answers out, as they are ready (decision 0214). There are as many as machines, so
 * it is made of little. What arrives is bounded before any of it is kept (T19).
 */
import { isUtf8 } from 'node:buffer';
import type { Socket } from 'node:net';
import {
  ChannelError,
  formatAnswer,
  FrameReader,
  parseRequestLine,
  type ChannelRequestName,
  type FrameKind,
  type RequestLine,
} from '@sallyport/model/channel';
import type { PresentedToken } from '../../identity/presented-token.ts';
import type { PlainAnswer, PlainRequest, PlainRoute } from '../plain-request.ts';
import { ChannelRequest, type Carrier } from './channel-request.ts';

/** What all channels of a process have in common. */
export interface ChannelHost {
  /** No further requests are wanted: each channel closes with its last answer. */
  readonly isEnding: boolean;
  answer(route: PlainRoute, request: PlainRequest): Promise<PlainAnswer>;
  failed(error: unknown): PlainAnswer;
  /** A channel was cut because of what came over it. */
  broken(error: ChannelError): void;
  closed(channel: Channel): void;
}

/** What answers the requests of one channel. */
export type ChannelRoutes = (what: ChannelRequestName) => PlainRoute;

/** Requests of one agent that are being answered at once: a heartbeat, and what it has to say meanwhile. One that was taken back counts until it has ended. */
const mostAtOnce = 16;
/** A token. Bytes. */
const largestToken = 16 * 1024;
/** A frame has to end within this, and a channel on which nothing is under way is of no use for longer than that. Milliseconds. */
const frameMilliseconds = 60_000;
const restMilliseconds = 75_000;

export class Channel implements Carrier, FrameKind<RequestLine> {
  readonly base: string;
  presented: PresentedToken;
  readonly #host: ChannelHost;
  readonly #socket: Socket;
  readonly #routes: ChannelRoutes;
  readonly #reader = new FrameReader<RequestLine>(this);
  #underWay: readonly ChannelRequest[] = [];
  #atOnce = 0;
  #hasAnswered = false;
  /** When the frame that is coming began, at the earliest, or nothing was under way any more. */
  #since = performance.now();

  constructor(host: ChannelHost, socket: Socket, base: string, presented: PresentedToken, routes: ChannelRoutes) {
    this.#host = host;
    this.#socket = socket;
    this.base = base;
    this.presented = presented;
    this.#routes = routes;
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) => this.#read(piece));
    socket.on('drain', () => socket.resume());
    socket.on('end', () => this.#leave());
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#leave());
  }

  /** Looks whether it has been quiet for too long. */
  check(now: number): void {
    const quiet = now - this.#since;
    if (this.#reader.isWithin ? quiet > frameMilliseconds : this.#underWay.length === 0 && quiet > restMilliseconds)
      this.cut();
  }

  /**
   * Closes it, as soon as what is under way is answered. One that has just opened waits for its first request: an agent takes a channel
   * that ends before that for one that something in between lets nothing through.
   */
  finish(): void {
    if (this.#underWay.length === 0 && this.#hasAnswered) this.#socket.destroySoon();
  }

  cut(): void {
    this.#socket.destroy();
  }

  /** Takes what arrived. */
  read(piece: Buffer): void {
    this.#read(piece);
  }

  parse(line: string): RequestLine {
    return parseRequestLine(line);
  }

  largest({ what }: RequestLine): number {
    if (what === 'authorize') return largestToken;
    return what === 'cancel' ? 0 : this.#routes(what).largest;
  }

  take({ number, what, bytes }: RequestLine, body: Buffer): void {
    // Another one may begin in the piece that this one ended in.
    this.#since = performance.now();
    const same = this.#underWay.find((other) => other.number === number);
    if (what === 'cancel') {
      if (same === undefined) return;
      this.#forget(same);
      same.gone();
      return;
    }
    if (same !== undefined)
      throw new ChannelError('MalformedFrame', `Request ${number} of a channel is under way already.`);
    if (what === 'authorize') {
      this.presented = { authorization: `Bearer ${body.toString('latin1')}` };
      this.#send(formatAnswer(number, 204, ''));
      return;
    }
    if (this.#atOnce >= mostAtOnce)
      throw new ChannelError('MalformedFrame', `More than ${mostAtOnce} requests of a channel are under way.`);
    const text = isUtf8(body) ? body.toString('utf8') : undefined;
    const request = new ChannelRequest(this, number, what, bytes, text);
    this.#underWay = [...this.#underWay, request];
    this.#atOnce += 1;
    this.#host.answer(this.#routes(what), request).then(
      (answer) => this.#answered(request, answer),
      (error: unknown) => this.#answered(request, this.#host.failed(error)),
    );
  }

  #read(piece: Buffer): void {
    const wasWithin = this.#reader.isWithin;
    try {
      this.#reader.push(piece);
    } catch (error) {
      this.cut();
      if (!(error instanceof ChannelError)) throw error;
      this.#host.broken(error);
      return;
    }
    if (!wasWithin && this.#reader.isWithin) this.#since = performance.now();
  }

  #answered(request: ChannelRequest, { status, headers, body = '' }: PlainAnswer): void {
    this.#atOnce -= 1;
    // It was taken back meanwhile, and its number may be another's by now, or its connection is gone.
    if (!this.#underWay.includes(request)) return;
    this.#forget(request);
    const seconds = headers?.['retry-after'];
    this.#send(formatAnswer(request.number, status, body, seconds === undefined ? undefined : Number(seconds)));
    if (this.#host.isEnding) this.finish();
  }

  #send(frame: string): void {
    this.#hasAnswered = true;
    // Whoever does not read its answers is not asked for more.
    if (!this.#socket.write(frame)) this.#socket.pause();
  }

  #forget(request: ChannelRequest): void {
    this.#underWay = this.#underWay.filter((other) => other !== request);
    if (this.#underWay.length === 0 && !this.#reader.isWithin) this.#since = performance.now();
  }

  /** The agent has gone. */
  #leave(): void {
    const left = this.#underWay;
    this.#underWay = [];
    for (const request of left) request.gone();
    this.#socket.destroySoon();
    this.#host.closed(this);
  }
}
