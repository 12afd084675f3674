/**
 * One agent's connection with as little memory as can be, over TLS, one request at a time: a channel as agents open them, or HTTP/1.1 as
 * they make do with where none passes (answers with a length or in chunks).
 */
import { connect as connectPlain } from 'node:net';
import { connect, type SecureContext, type TLSSocket } from 'node:tls';
import { channelProtocol, formatRequest, parseAnswerLine, type ChannelRequestName } from '@sallyport/model/channel';
import type { FleetMachine } from './populate-fleet.ts';

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** When to come again, in seconds, if it says so. */
  readonly retryAfter: number | undefined;
  /** Nothing more is to be asked on this connection. */
  readonly isLast: boolean;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly localAddress: string;
}

/** Where an agent goes, and what it trusts there: made once by each agent, and here by all of a process together. */
export interface Way extends Address {
  readonly secureContext: SecureContext;
}

/** The TLS session of an agent, over its connections, as the agent's own client keeps it. */
export interface KeptSession {
  last?: Buffer;
}

/** How requests of a machine look on the wire, and their answers. */
interface Form {
  request(what: ChannelRequestName, body: string): string;
  /** The whole answer that has been received, or undefined while some of it is missing. */
  answer(received: string): Answer | undefined;
}

/** Opens a connection, which is a channel unless `plain`. Rejects with the answer when that is refused. */
export async function openConnection(
  way: Way,
  kept: KeptSession,
  machine: FleetMachine,
  plain: boolean,
): Promise<HeldConnection> {
  const socket = await openSocket(way, kept);
  const http = plainForm(way, machine);
  if (plain) return new HeldConnection(socket, http);
  const opening = new HeldConnection(socket, {
    request: () =>
      `GET /agent/v1/machines/${machine.vmId}/channel HTTP/1.1\r\nhost: localhost\r\nconnection: upgrade\r\nupgrade: ${channelProtocol}\r\nauthorization: Bearer ${machine.token}\r\n\r\n`,
    answer: (received) => (received.startsWith('HTTP/1.1 101 ') ? switched(received) : http.answer(received)),
  });
  const answer = await opening.send('heartbeat', '');
  if (answer.status !== 101) {
    opening.close();
    throw new Refused(answer);
  }
  opening.form = channelForm;
  return opening;
}

/** The control plane answered, and not with what was asked for. */
export class Refused extends Error {
  readonly answer: Answer;
  constructor(answer: Answer) {
    super(`${answer.status} ${answer.body}`);
    this.answer = answer;
  }
}

function openSocket({ host, port, localAddress, secureContext }: Way, kept: KeptSession): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const plain = connectPlain({ host, port, localAddress });
    plain.once('error', reject);
    plain.once('connect', () => {
      const session = kept.last === undefined ? {} : { session: kept.last };
      const socket = connect({ socket: plain, secureContext, servername: 'localhost', ...session }, () => {
        socket.off('error', reject);
        resolve(socket);
      });
      socket.on('session', (fresh) => {
        kept.last = fresh;
      });
      socket.once('error', reject);
    });
  });
}

/** A connection that is open, until it is closed from either side. */
export class HeldConnection {
  form: Form;
  readonly #socket: TLSSocket;
  #received = '';
  #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;
  #closed = false;

  constructor(socket: TLSSocket, form: Form) {
    this.#socket = socket;
    this.form = form;
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      this.#received += chunk;
      const answer = this.form.answer(this.#received);
      if (answer === undefined) return;
      this.#received = '';
      if (answer.isLast) this.close();
      const waiting = this.#waiting;
      this.#waiting = undefined;
      waiting?.resolve(answer);
    });
    const ended = (error?: Error): void => {
      this.#closed = true;
      this.#waiting?.reject(error ?? new Error('closed'));
      this.#waiting = undefined;
    };
    socket.on('error', ended);
    socket.on('end', () => this.close());
    socket.on('close', () => ended());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a request and waits for its answer. Rejects when the connection ends before it. */
  send(what: ChannelRequestName, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('closed'));
      this.#waiting = { resolve, reject };
      this.#socket.write(this.form.request(what, body));
    });
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }
}

const channelForm: Form = {
  request: (what, body) => formatRequest(1, what, body),
  answer: (received) => {
    const end = received.indexOf('\n');
    if (end === -1) return undefined;
    const { status, bytes, retryAfter } = parseAnswerLine(received.slice(0, end));
    const body = received.slice(end + 1);
    return body.length < bytes ? undefined : { status, body, retryAfter, isLast: false };
  },
};

function switched(received: string): Answer | undefined {
  return received.endsWith('\r\n\r\n') ? { status: 101, body: '', retryAfter: undefined, isLast: false } : undefined;
}

function plainForm({ host, port }: Address, { vmId, token }: FleetMachine): Form {
  return {
    request: (what, body) => {
      const method = what === 'goal-state' ? 'GET' : 'POST';
      const path = `/agent/v1/machines/${vmId}/${what}`;
      const head = `${method} ${path} HTTP/1.1\r\nhost: ${host}:${port}\r\nauthorization: Bearer ${token}\r\n`;
      const about =
        body === '' ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
      return `${head}${about}\r\n${body}`;
    },
    answer: takeAnswer,
  };
}

/** The whole answer at the beginning of what was received, or undefined while some of it is missing. */
function takeAnswer(text: string): Answer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const isLast = /^connection: *close/im.test(head);
  const seconds = /^retry-after: *(\d+)/im.exec(head)?.[1];
  const retryAfter = seconds === undefined ? undefined : Number(seconds);
  const rest = text.slice(end + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined)
    return rest.length >= Number(length) ? { status, body: rest, retryAfter, isLast } : undefined;
  if (status === 204 || !/^transfer-encoding: *chunked/im.test(head)) return { status, body: '', retryAfter, isLast };
  if (!rest.endsWith('0\r\n\r\n')) return undefined;
  let body = '';
  for (let at = 0; ;) {
    const line = rest.indexOf('\r\n', at);
    const size = Number.parseInt(rest.slice(at, line), 16);
    if (!(size > 0)) return { status, body, retryAfter, isLast };
    body += rest.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
