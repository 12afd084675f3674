/** The server: HTTPS, and plain HTTP on a Unix socket for a proxy that ends TLS; limits, and an end that answers whoever is held. */
import { chmodSync, lstatSync, rmSync } from 'node:fs';
import { createServer as createPlain, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTls } from 'node:https';
import { connect, type AddressInfo, type ListenOptions } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import type { ChannelError } from '@sallyport/model/channel';
import { asksForChannel, Channels, upgradeRequired } from './channel/channels.ts';
import {
  pathOf,
  plainRequest,
  sendAnswer,
  type PlainAnswer,
  type PlainRequest,
  type PlainRoute,
  type PlainRoutes,
} from './plain-request.ts';

export interface RunningServer {
  readonly port: number;
  /** From now on each answer ends its connection: clients come again, and by then they are sent to somebody else. */
  drain(): void;
  /** Session tickets are sealed with these from now on, and those that others sealed are no longer good. */
  useTicketKeys(keys: Buffer): void;
  /** Stops accepting, lets requests under way end for `milliseconds`, then cuts what is left. */
  close(milliseconds: number): Promise<void>;
}

export interface ServerOptions {
  readonly host: string;
  readonly port: number;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** 48 bytes that session tickets are sealed with, and for how long a ticket is good. */
  readonly ticketKeys: Buffer;
  readonly ticketSeconds: number;
  /** A Unix socket for a proxy on this machine, which ends TLS and says in `X-Forwarded-For` who asks. */
  readonly proxySocket: string | undefined;
  /** What is answered without a router. It is asked first. */
  readonly plain: PlainRoutes;
  /** Answers a request by its plain route. */
  answer(route: PlainRoute, request: PlainRequest): Promise<PlainAnswer>;
  /** The answer to a request whose plain route failed. */
  failed(error: unknown): PlainAnswer;
  /** A channel was cut because of what came over it. */
  broken(error: ChannelError): void;
  /** Answers every other request; the port is known by the time it is called. */
  fetch(request: Request, clientIpAddress: string): Response | Promise<Response>;
}

const limits = {
  maxHeaderSize: 32 * 1024,
  // A request must have arrived within these; how long the answer is held is another matter (T19, T23).
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 5_000,
  // Nobody needs longer who means it; with TLS.
  handshakeTimeout: 30_000,
};

/**
 * How many connections may wait to be accepted. Node accepts one in each turn of its event loop, so that a fleet that comes back at
 * once cannot crowd out those who are connected; with the usual 511 the rest of it would be turned away (T19).
 */
const backlog = 4096;

/** Listens. Throws when an address cannot be had. */
export async function listenForClients(options: ServerOptions): Promise<RunningServer> {
  let draining = false;
  const channels = new Channels(options);
  const channelOf = (request: IncomingMessage): PlainRoute | undefined => {
    const route = asksForChannel(request) ? options.plain(request.method ?? '', pathOf(request)) : undefined;
    return route?.channel === undefined ? undefined : route;
  };
  const openChannel = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const route = channelOf(request);
    if (route === undefined) socket.destroy();
    else void channels.open(route, pathOf(request), request, socket, head);
  };
  const answering = (addressOf: (incoming: IncomingMessage) => string) => {
    const listener = getRequestListener(
      (request, env) => options.fetch(request, 'incoming' in env ? addressOf(env.incoming as IncomingMessage) : ''),
      { overrideGlobalObjects: false },
    );
    return (request: IncomingMessage, response: ServerResponse): void => {
      const { method = '' } = request;
      const path = pathOf(request);
      const route = options.plain(method, path);
      if (route?.channel !== undefined) {
        sendAnswer(response, upgradeRequired);
        return;
      }
      if (route !== undefined) {
        // It may be held, and be over long after it began.
        answerPlainly(options, route, plainRequest(method, path, request, response), response, () => draining);
        return;
      }
      if (draining) response.setHeader('connection', 'close');
      void listener(request, response);
    };
  };
  const { keyPem: key, certificatePem: cert, host, port, proxySocket, ticketKeys, ticketSeconds } = options;
  const tickets = { ticketKeys, sessionTimeout: ticketSeconds };
  // Whatever else a client offers to upgrade to is its offer: its request is answered as it is.
  const http = { ...limits, shouldUpgradeCallback: (request: IncomingMessage) => channelOf(request) !== undefined };
  const tls = createTls({ ...http, ...tickets, key, cert, minVersion: 'TLSv1.2' }, answering(addressOfClient));
  tls.on('upgrade', openChannel);
  const servers: Server[] = [tls];
  await listening(tls, { host, port, backlog }, `${host}:${port}`);
  if (proxySocket !== undefined) {
    const plain = createPlain(http, answering(addressFromProxy));
    plain.on('upgrade', openChannel);
    servers.push(plain);
    try {
      await removeLeftSocket(proxySocket);
      await listening(plain, { path: proxySocket, backlog }, proxySocket);
      // Whoever reaches it is believed: its directory says who that is, and its group is the proxy's.
      chmodSync(proxySocket, 0o660);
    } catch (error) {
      tls.close();
      throw error;
    }
  }
  return {
    port: (tls.address() as AddressInfo).port,
    drain: () => {
      draining = true;
      channels.drain();
    },
    useTicketKeys: (keys) => tls.setTicketKeys(keys),
    close: async (milliseconds) => {
      await Promise.all(servers.map((server) => closeServer(server, channels, milliseconds)));
    },
  };
}

function addressOfClient({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}

/** The last address is what the proxy itself saw; those before it are what it was told. */
function addressFromProxy({ headers }: IncomingMessage): string {
  const forwarded = headers['x-forwarded-for'] ?? '';
  return (typeof forwarded === 'string' ? forwarded : forwarded.join(',')).split(',').at(-1)?.trim() ?? '';
}

async function closeServer(server: Server, channels: Channels, milliseconds: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  channels.close();
  const cut = setTimeout(() => {
    server.closeAllConnections();
    channels.cut();
  }, milliseconds);
  const idle = setInterval(() => server.closeIdleConnections(), 50);
  await closed;
  clearTimeout(cut);
  clearInterval(idle);
}

function answerPlainly(
  options: ServerOptions,
  route: PlainRoute,
  request: PlainRequest,
  response: ServerResponse,
  isDraining: () => boolean,
): void {
  const send = (answer: PlainAnswer): void => {
    if (response.closed) return;
    if (isDraining()) response.setHeader('connection', 'close');
    sendAnswer(response, answer);
  };
  void options.answer(route, request).then(send, (error: unknown) => send(options.failed(error)));
}

/** The socket of a process that was killed is still there, and nobody listens behind it. */
function removeLeftSocket(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      reject(new Error(`Another program listens on ${path} already.`));
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'ECONNREFUSED' && lstatSync(path).isSocket()) rmSync(path);
      resolve();
    });
  });
}

function listening(server: Server, where: ListenOptions, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`Another program listens on ${name} already.`, { cause: error }) : error);
    };
    server.maxRequestsPerSocket = 0;
    server.once('error', fail);
    server.listen(where, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
