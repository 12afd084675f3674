/** One HTTPS request with the control plane's own CA. The only place of the CLI that opens a connection. */
import { request, type Agent } from 'node:https';

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** No answer of the API is larger than this; what is, is not the API. In bytes. */
const largestAnswer = 64 * 1024 * 1024;
/** Longest silence on the connection, in milliseconds. */
const patience = 60_000;

/** Sends it and reads the whole answer. Rejects with a sentence that names the address when there is none. */
export function send(agent: Agent, call: HttpRequest): Promise<HttpAnswer> {
  return new Promise((fulfil, reject) => {
    const fail = (error: Error): void =>
      reject(new Error(`${call.url.origin} did not answer: ${error.message}`, { cause: error }));
    const outgoing = request(
      call.url,
      { agent, method: call.method, headers: { ...call.headers }, timeout: patience },
      (incoming) => {
        const chunks: Buffer[] = [];
        let length = 0;
        incoming.on('data', (chunk: Buffer) => {
          length += chunk.length;
          if (length > largestAnswer) incoming.destroy(new Error('the answer is too large'));
          else chunks.push(chunk);
        });
        incoming.on('error', fail);
        incoming.on('end', () => {
          fulfil({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: Buffer.concat(chunks).toString('utf8'),
          });
        });
      },
    );
    outgoing.on('timeout', () => outgoing.destroy(new Error(`no byte came for ${patience / 1000} seconds`)));
    outgoing.on('error', fail);
    outgoing.end(call.body);
  });
}
