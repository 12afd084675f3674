/** The HTTP side of the local endpoint: loopback only, bounded in everything, one port on both loopback addresses. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Ends } from './connection-owner.ts';
import type { LocalAnswer } from './local-answer.ts';
import type { LocalRequest } from './request-guard.ts';

export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

/** A request and the connection it came on. Several requests can come on one. */
export interface Arrived extends LocalRequest {
  readonly socket: Socket;
  readonly ends: Ends;
}

/** Answers a request; never throws. */
export type Answer = (arrived: Arrived) => Promise<LocalAnswer>;

const mostConnections = 128;
/** How long a connection may take for a request, from its beginning or the answer before on; what is late of a body counts as well. Milliseconds. */
const requestMilliseconds = 5_000;
/** The longest that a timer of Node can be. Milliseconds. */
const longestInterval = 2 ** 31 - 1;

/** Listens on an address. Rejects with the error of the system when it cannot be had. */
export async function listenLocally(host: '127.0.0.1' | '::1', port: number, answer: Answer): Promise<LocalServer> {
  const server = createServer({
    maxHeaderSize: 16 * 1024,
    keepAliveTimeout: 2_000,
    // Node looks at connections again and again, also while there are none, and each look wakes a process that is to rest.
    headersTimeout: 0,
    requestTimeout: 0,
    connectionsCheckingInterval: longestInterval,
  });
  endSlowConnections(server);
  server.maxConnections = mostConnections;
  server.on('request', (message, response) => {
    // What a body says does not matter here; it is not read.
    message.resume();
    void answer(arrivedOf(message)).then((given) => send(response, given));
  });
  await listening(server, host, port);
  return { port: (server.address() as AddressInfo).port, close: () => closed(server) };
}

/** Whoever holds a connection without asking anything is cut off (T62). While a request is being answered nothing runs out. */
function endSlowConnections(server: Server): void {
  const held = new WeakMap<Socket, { timer: NodeJS.Timeout | undefined; answering: number }>();
  const wait = (socket: Socket, change: number): void => {
    const { timer, answering } = held.get(socket) ?? { timer: undefined, answering: 0 };
    clearTimeout(timer);
    const now = answering + change;
    const idle = now === 0 && !socket.destroyed;
    const next = idle ? setTimeout(() => socket.destroy(), requestMilliseconds).unref() : undefined;
    held.set(socket, { timer: next, answering: now });
  };
  server.on('connection', (socket) => {
    wait(socket, 0);
    socket.once('close', () => clearTimeout(held.get(socket)?.timer));
  });
  server.on('request', ({ socket }, response) => {
    wait(socket, 1);
    response.once('close', () => wait(socket, -1));
  });
}

function arrivedOf(message: IncomingMessage): Arrived {
  const { socket } = message;
  const { remoteAddress: address = '', remotePort: clientPort = 0, localPort: serverPort = 0 } = socket;
  return {
    method: message.method ?? '',
    target: message.url ?? '',
    headers: message.headers,
    socket,
    ends: { address, clientPort, serverPort },
  };
}

function send(response: ServerResponse, { status, headers, body }: LocalAnswer): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    ...headers,
  });
  response.end(text);
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, exclusive: true, ipv6Only: host === '::1' }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
