/** A plain HTTPS client that trusts the control plane's CA only. */
import { readFileSync } from 'node:fs';
import { Agent, request, type RequestOptions } from 'node:https';

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  json(): unknown;
}

export interface HttpClient {
  send(
    method: string,
    path: string,
    options?: {
      readonly token?: string;
      readonly body?: unknown;
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
    },
  ): Promise<Answer>;
  close(): void;
}

/** A client of one server. Bodies are sent as JSON, or as they are when they are texts. */
export function httpClient(endpoint: string, caFile: string): HttpClient {
  const agent = new Agent({ ca: readFileSync(caFile), keepAlive: true });
  const client: HttpClient = {
    send: (method, path, asked = {}) => {
      const { token, body, headers, signal } = asked;
      const text = body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body);
      const options: RequestOptions = {
        agent,
        method,
        headers: {
          ...(text === undefined
            ? {}
            : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(signal === undefined ? {} : { signal }),
      };
      const { hostname, port } = new URL(endpoint);
      return new Promise((resolve, reject) => {
        // The path goes as it is: what a client must not send is part of what is tested.
        const sent = request({ ...options, hostname: hostname.replace(/^\[|\]$/g, ''), port, path }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', reject);
          response.on('end', () => {
            const received = Buffer.concat(chunks).toString();
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text: received,
              json: () => JSON.parse(received) as unknown,
            });
          });
        });
        sent.on('error', (error) => {
          // A connection that lay idle was closed by the server in this moment: nothing of the request was taken.
          if (sent.reusedSocket && 'code' in error && error.code === 'ECONNRESET')
            resolve(client.send(method, path, asked));
          else reject(error);
        });
        sent.end(text);
      });
    },
    close: () => agent.destroy(),
  };
  return client;
}
