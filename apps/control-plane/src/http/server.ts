/** The HTTPS server: limits, and an end that answers whoever is held. */
import type { ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { plainRequest, sendAnswer, type PlainAnswer, type PlainRoutes } from './plain-request.ts';

export interface HttpsServer {
  readonly port: number;
  /** From now on each answer ends its connection: clients come again, and by then they are sent to somebody else. */
  drain(): void;
  /** Stops accepting, lets requests under way end for `milliseconds`, then cuts what is left. */
  close(milliseconds: number): Promise<void>;
}

export interface HttpsOptions {
  readonly host: string;
  readonly port: number;
  readonly certificatePem: string;
  readonly keyPem: string;
  /** What is answered without a router. It is asked first. */
  readonly plain: PlainRoutes;
  /** The answer to a request whose plain route failed. */
  failed(error: unknown): PlainAnswer;
  /** Answers every other request; the port is known by the time it is called. */
  fetch(request: Request, clientIpAddress: string): Response | Promise<Response>;
}

/** Listens. Throws when the address cannot be had. */
export async function listenHttps(options: HttpsOptions): Promise<HttpsServer> {
  const listener = getRequestListener(
    (request, env) => {
      const address = 'incoming' in env ? (env.incoming.socket.remoteAddress ?? '') : '';
      return options.fetch(request, address);
    },
    { overrideGlobalObjects: false },
  );
  let draining = false;
  const server = createServer(
    {
      key: options.keyPem,
      cert: options.certificatePem,
      minVersion: 'TLSv1.2',
      maxHeaderSize: 32 * 1024,
      // A request must have arrived within these; how long the answer is held is another matter (T19, T23).
      headersTimeout: 15_000,
      requestTimeout: 60_000,
      keepAliveTimeout: 75_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      if (draining) response.setHeader('connection', 'close');
      const answer = options.plain(plainRequest(request, response));
      if (answer === undefined) void listener(request, response);
      else void answerPlainly(options, answer, response);
    },
  );
  server.maxRequestsPerSocket = 0;
  await listening(server, options);
  return {
    port: (server.address() as AddressInfo).port,
    drain: () => {
      draining = true;
    },
    close: async (milliseconds) => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const cut = setTimeout(() => server.closeAllConnections(), milliseconds);
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      await closed;
      clearTimeout(cut);
      clearInterval(idle);
    },
  };
}

async function answerPlainly(
  options: HttpsOptions,
  answer: () => Promise<PlainAnswer>,
  response: ServerResponse,
): Promise<void> {
  const answered = await answer().catch((error: unknown) => options.failed(error));
  if (!response.closed) sendAnswer(response, answered);
}

function listening(server: Server, { host, port }: HttpsOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      const taken = error.code === 'EADDRINUSE';
      reject(taken ? new Error(`Another program listens on ${host}:${port} already.`, { cause: error }) : error);
    };
    server.once('error', fail);
    server.listen(port, host, () => {
      server.off('error', fail);
      resolve();
    });
  });
}
