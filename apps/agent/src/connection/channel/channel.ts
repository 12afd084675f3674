/**
 * One connection on which requests to the agent API go side by side (decision 0214). What comes over it is hostile until something
 * signed says otherwise: every answer is bounded by what its request allows, and one that nobody asked for ends the connection (T23, T79).
 */
import {
  ChannelError,
  formatRequest,
  FrameReader,
  largestNumber,
  parseAnswerLine,
  type AnswerLine,
} from '@sallyport/model/channel';
import { HttpError, type HttpAnswer, type Upgraded } from '../http-client.ts';
import type { AgentExchange } from '../agent-exchange.ts';
import type { NoChannel } from './channel-trial.ts';

interface Waiting {
  readonly maximumBytes: number;
  /** When it was sent, milliseconds. */
  readonly since: number;
  resolve(answer: HttpAnswer | 'ended'): void;
  reject(error: HttpError): void;
}

/** Answers to requests that were taken back may still come, if they were on their way. So many of them are remembered. */
const mostTakenBack = 64;
const largestUnwanted = 16 * 1024 * 1024;

/** A request that was sent so shortly before the other side ended the channel crossed that end on its way. Milliseconds. */
const crossingMilliseconds = 5_000;

export interface ChannelOptions {
  /** As it is named in failures. */
  readonly host: string;
  /** The token it was opened with. */
  readonly token: string;
  /** It is over. `how` says what came of it when nothing was ever answered over it; undefined when something was, or nobody had asked. */
  readonly over: (how: NoChannel | undefined) => void;
  monotonic(): number;
}

export class Channel {
  readonly #options: ChannelOptions;
  readonly #socket: Upgraded['socket'];
  readonly #waiting = new Map<number, Waiting>();
  readonly #takenBack = new Set<number>();
  readonly #reader: FrameReader<AnswerLine>;
  #token: string;
  #number = 0;
  #answered = false;
  #isOpen = true;

  constructor({ socket, head }: Upgraded, options: ChannelOptions) {
    this.#options = options;
    this.#socket = socket;
    this.#token = options.token;
    this.#reader = new FrameReader<AnswerLine>({
      parse: parseAnswerLine,
      largest: (line) => this.#largest(line),
      take: (line, body) => this.#take(line, body),
    });
    socket.setTimeout(0);
    socket.setNoDelay(true);
    socket.on('data', (piece: Buffer) => this.#read(piece));
    socket.on('end', () => {
      this.#letCross();
      this.#end('it closed the connection', 'cut');
    });
    socket.on('error', (error) => this.#end(error.message, 'cut'));
    socket.on('close', () => this.#end('the connection was closed', 'cut'));
    if (head.length > 0) this.#read(head);
  }

  /**
   * Sends a request and gives its answer, whatever its status; `ended` when the channel had ended, or was ending, before the request was
   * there, so that it is to be sent over another. Throws `HttpError`.
   */
  exchange(exchange: AgentExchange, token: string, signal: AbortSignal): Promise<HttpAnswer | 'ended'> {
    const { what, body = '', maximumBytes, timeoutMilliseconds } = exchange;
    const { host } = this.#options;
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(this.#unreachable('the request was taken back'));
        return;
      }
      if (!this.#isOpen) {
        resolve('ended');
        return;
      }
      this.#authorize(token);
      const number = this.#next();
      const takeBack = (): void => {
        settled();
        this.#takeBack(number);
        reject(this.#unreachable('the request was taken back'));
      };
      const timer = setTimeout(() => {
        const seconds = Math.round(timeoutMilliseconds / 1000);
        const late = new HttpError('TimedOut', `${host} did not answer in full within ${seconds} seconds.`);
        settled();
        this.#waiting.delete(number);
        reject(late);
        // Nothing says that the other side is still there.
        this.#end('it did not answer', 'silent');
      }, Math.ceil(timeoutMilliseconds));
      timer.unref();
      const settled = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', takeBack);
      };
      this.#waiting.set(number, {
        maximumBytes,
        since: this.#options.monotonic(),
        resolve: (answer) => {
          settled();
          resolve(answer);
        },
        reject: (error) => {
          settled();
          reject(error);
        },
      });
      signal.addEventListener('abort', takeBack, { once: true });
      this.#socket.write(formatRequest(number, what, body));
    });
  }

  /** Ends it; whatever is under way fails. */
  close(): void {
    this.#end('the connection was closed', undefined);
  }

  /** Says which token the requests from now on are sent with. */
  #authorize(token: string): void {
    if (token === this.#token) return;
    this.#token = token;
    const number = this.#next();
    const ignore = (): void => undefined;
    // Nobody waits for it: a token that is not good is told in the answer to the request.
    this.#waiting.set(number, { maximumBytes: 0, since: 0, resolve: ignore, reject: ignore });
    this.#socket.write(formatRequest(number, 'authorize', token));
  }

  #takeBack(number: number): void {
    this.#waiting.delete(number);
    this.#takenBack.add(number);
    if (this.#takenBack.size > mostTakenBack) {
      const [oldest = 0] = this.#takenBack;
      this.#takenBack.delete(oldest);
    }
    if (this.#isOpen) this.#socket.write(formatRequest(number, 'cancel', ''));
  }

  #next(): number {
    do this.#number = this.#number === largestNumber ? 1 : this.#number + 1;
    while (this.#waiting.has(this.#number) || this.#takenBack.has(this.#number));
    return this.#number;
  }

  #read(piece: Buffer): void {
    if (!this.#isOpen) return;
    try {
      this.#reader.push(piece);
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error;
      this.#end(error.message, 'cut');
    }
  }

  #largest({ number, bytes }: AnswerLine): number {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) return this.#takenBack.has(number) ? largestUnwanted : 0;
    if (bytes > waiting.maximumBytes) {
      this.#waiting.delete(number);
      const most = waiting.maximumBytes;
      waiting.reject(new HttpError('TooLarge', `${this.#options.host} answered with more than ${most} bytes.`));
    }
    return waiting.maximumBytes;
  }

  #take({ number, status, retryAfter }: AnswerLine, body: Buffer): void {
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) {
      if (this.#takenBack.delete(number)) return;
      throw new ChannelError('MalformedFrame', `it answered request ${number}, which nobody waits for`);
    }
    this.#waiting.delete(number);
    this.#answered = true;
    waiting.resolve({
      status,
      headers: {
        'content-type': 'application/json',
        ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
      },
      body: Buffer.from(body),
    });
  }

  /**
   * A control plane that ends closes each channel with its last answer, and by then the next request may be on its way. Whoever was held
   * for long was cut: all of them at once, and they are to come again with growing waits (T19).
   */
  #letCross(): void {
    if (!this.#answered || !this.#isOpen) return;
    const since = this.#options.monotonic() - crossingMilliseconds;
    for (const [number, waiting] of this.#waiting) {
      if (waiting.since < since) continue;
      this.#waiting.delete(number);
      waiting.resolve('ended');
    }
  }

  #end(reason: string, how: NoChannel | undefined): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.destroy();
    const left = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const waiting of left) waiting.reject(this.#unreachable(reason));
    this.#options.over(this.#answered ? undefined : how);
  }

  #unreachable(reason: string): HttpError {
    return new HttpError('Unreachable', `${this.#options.host} cannot be reached: ${reason.replace(/\.$/, '')}.`);
  }
}
