/** A client of channels that says what it is told to, also what no agent would. */
import { once } from 'node:events';
import { request } from 'node:https';
import type { Duplex } from 'node:stream';
import {
  channelProtocol,
  formatRequest,
  FrameReader,
  parseAnswerLine,
  type AnswerLine,
  type RequestLine,
} from '@sallyport/model/channel';

export interface ChannelAnswer {
  readonly number: number;
  readonly status: number;
  readonly retryAfter: number | undefined;
  readonly text: string;
}

export interface ChannelClient {
  /** Sends a request and waits for its answer. Rejects when the channel ends before it. */
  ask(what: RequestLine['what'], body?: string): Promise<ChannelAnswer>;
  /** Sends bytes as they are. */
  send(bytes: string | Buffer): void;
  /** Every answer so far, in the order they came. */
  readonly answers: readonly ChannelAnswer[];
  /** Once it is closed, from either side. */
  readonly closed: Promise<void>;
  close(): void;
}

/** How a request for a channel was answered: with one, or as any other request. */
export type Opening =
  | { readonly channel: ChannelClient }
  | { readonly status: number; readonly headers: Readonly<Record<string, unknown>>; readonly text: string };

export interface Where {
  readonly port: number;
  readonly ca: string;
  readonly path: string;
  readonly token?: string;
  readonly upgrade?: string;
}

/** Asks for a channel. */
export function openChannel({ port, ca, path, token, upgrade = channelProtocol }: Where): Promise<Opening> {
  return new Promise((resolve, reject) => {
    const asked = request({
      host: 'localhost',
      family: 4,
      port,
      ca,
      path,
      agent: false,
      headers: {
        connection: 'upgrade',
        upgrade,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
    });
    asked.once('error', reject);
    asked.once('upgrade', (_answer, socket, head) => resolve({ channel: clientOf(socket, head) }));
    asked.once('response', (answer) => {
      answer.setEncoding('utf8');
      let text = '';
      answer.on('data', (piece: string) => {
        text += piece;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    });
    asked.end();
  });
}

/** The channel, where there has to be one. */
export function channelOf(opening: Opening): ChannelClient {
  if ('channel' in opening) return opening.channel;
  throw new Error(`No channel was opened: ${opening.status} ${opening.text}`);
}

function clientOf(socket: Duplex, head: Buffer): ChannelClient {
  const answers: ChannelAnswer[] = [];
  const waiting = new Map<number, (answer: ChannelAnswer) => void>();
  let number = 0;
  const reader = new FrameReader<AnswerLine>({
    parse: parseAnswerLine,
    largest: () => 16 * 1024 * 1024,
    take: (line, body) => {
      const { number: to, status, retryAfter } = line;
      const answer = { number: to, status, retryAfter, text: body.toString('utf8') };
      answers.push(answer);
      waiting.get(to)?.(answer);
      waiting.delete(to);
    },
  });
  const closed = once(socket, 'close').then(() => undefined);
  socket.on('error', () => undefined);
  socket.on('data', (piece: Buffer) => reader.push(piece));
  if (head.length > 0) reader.push(head);
  return {
    answers,
    closed,
    ask: (what, body = '') => {
      number += 1;
      const own = number;
      const answered = new Promise<ChannelAnswer>((resolve) => waiting.set(own, resolve));
      socket.write(formatRequest(own, what, body));
      return Promise.race([
        answered,
        closed.then(() => {
          throw new Error('The channel was closed.');
        }),
      ]);
    },
    send: (bytes) => socket.write(bytes),
    close: () => socket.destroy(),
  };
}
