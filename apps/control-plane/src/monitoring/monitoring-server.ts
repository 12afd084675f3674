/**
 * A listener of its own for whoever watches: `/metrics`, `/healthz`, `/readyz` over plain HTTP. On the port of the clients numbers
 * would be anybody's to read; this one is on loopback unless it is told otherwise.
 */
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface MonitoringServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface MonitoringAnswers {
  metrics(): Promise<string>;
  readiness(): Promise<{ readonly status: number; readonly body: unknown }>;
}

/** Listens. Rejects when the address cannot be had. */
export async function listenForMonitoring(
  host: string,
  port: number,
  answers: MonitoringAnswers,
): Promise<MonitoringServer> {
  const server = createServer({ headersTimeout: 5_000, requestTimeout: 10_000 }, (request, response) => {
    request.resume();
    void respond(request.method ?? '', request.url ?? '', answers, response);
  });
  server.maxConnections = 64;
  await listening(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function respond(
  method: string,
  url: string,
  answers: MonitoringAnswers,
  response: ServerResponse,
): Promise<void> {
  try {
    const { status, type, text } = await answer(method, url, answers);
    response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store' });
    response.end(method === 'HEAD' ? undefined : text);
  } catch {
    // What failed tells of itself in the log; whoever watches sees that it did.
    response.writeHead(500).end();
  }
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

const json = 'application/json';

async function answer(method: string, url: string, answers: MonitoringAnswers): Promise<Answer> {
  if (method !== 'GET' && method !== 'HEAD') return { status: 405, type: json, text: '{"status":"GET only"}' };
  switch (url.replace(/\?.*$/s, '')) {
    case '/metrics':
      return { status: 200, type: 'text/plain; version=0.0.4; charset=utf-8', text: await answers.metrics() };
    case '/healthz':
      return { status: 200, type: json, text: '{"status":"ok"}' };
    case '/readyz': {
      const { status, body } = await answers.readiness();
      return { status, type: json, text: JSON.stringify(body) };
    }
    default:
      return { status: 404, type: json, text: '{"status":"there are /metrics, /healthz and /readyz"}' };
  }
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        taken
          ? new Error(`Another program listens on ${host}:${port}, the address for monitoring, already.`, {
              cause: error,
            })
          : error,
      );
    });
    server.listen(port, host, () => resolve());
  });
}
