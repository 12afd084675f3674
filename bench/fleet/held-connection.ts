/** One agent's connection with as little memory as can be: HTTP/1.1 over TLS, one request at a time, answers with a length or in chunks. */
import { connect as connectPlain } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';

export interface Answer {
  readonly status: number;
  readonly body: string;
  /** Nothing more is to be asked on this connection. */
  readonly isLast: boolean;
}

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly localAddress: string;
}

/** The TLS session of an agent, over its connections, as the agent's own client keeps it. */
export interface KeptSession {
  last?: Buffer;
}

/** Opens a connection. Resolves once the handshake is over. */
export function openConnection({ host, port, ca, localAddress }: Address, kept: KeptSession): Promise<HeldConnection> {
  return new Promise((resolve, reject) => {
    const plain = connectPlain({ host, port, localAddress });
    plain.once('error', reject);
    const session = kept.last === undefined ? {} : { session: kept.last };
    const socket = connect({ socket: plain, ca, servername: 'localhost', ...session }, () => {
      socket.off('error', reject);
      resolve(new HeldConnection(socket, `${host}:${port}`));
    });
    socket.on('session', (fresh) => {
      kept.last = fresh;
    });
    socket.once('error', reject);
  });
}

/** A connection that is open, until it is closed from either side. */
export class HeldConnection {
  readonly #socket: TLSSocket;
  readonly #host: string;
  #received = '';
  #waiting: { readonly resolve: (answer: Answer) => void; readonly reject: (error: Error) => void } | undefined;
  #closed = false;

  constructor(socket: TLSSocket, host: string) {
    this.#socket = socket;
    this.#host = host;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      this.#received += chunk;
      const answer = takeAnswer(this.#received);
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
    socket.on('close', () => ended());
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a request and waits for its answer. Rejects when the connection ends before it. */
  send(method: string, path: string, token: string, body: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#closed) return reject(new Error('closed'));
      this.#waiting = { resolve, reject };
      const head = `${method} ${path} HTTP/1.1\r\nhost: ${this.#host}\r\nauthorization: Bearer ${token}\r\n`;
      const about =
        body === '' ? '' : `content-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`;
      this.#socket.write(`${head}${about}\r\n${body}`);
    });
  }

  close(): void {
    this.#closed = true;
    this.#socket.destroy();
  }
}

/** The whole answer at the beginning of what was received, or undefined while some of it is missing. */
function takeAnswer(text: string): Answer | undefined {
  const end = text.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const head = text.slice(0, end);
  const status = Number(head.slice(9, 12));
  const isLast = /^connection: *close/im.test(head);
  const rest = text.slice(end + 4);
  const length = /^content-length: *(\d+)/im.exec(head)?.[1];
  if (length !== undefined) return rest.length >= Number(length) ? { status, body: rest, isLast } : undefined;
  if (status === 204 || !/^transfer-encoding: *chunked/im.test(head)) return { status, body: '', isLast };
  if (!rest.endsWith('0\r\n\r\n')) return undefined;
  let body = '';
  for (let at = 0; ;) {
    const line = rest.indexOf('\r\n', at);
    const size = Number.parseInt(rest.slice(at, line), 16);
    if (!(size > 0)) return { status, body, isLast };
    body += rest.slice(line + 2, line + 2 + size);
    at = line + 2 + size + 2;
  }
}
