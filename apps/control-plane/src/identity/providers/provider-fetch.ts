/** Fetches a document of an identity provider: https only, no redirects, bounded in size and time (T19, T78). */
import { request } from 'node:https';

const largest = 256 * 1024;
const patience = 10_000;

/** A `fetch` that trusts a CA of one's own. Rejects when there is no answer; the status is the caller's to judge. */
export function providerFetch(caPem: string | undefined): (url: string) => Promise<Response> {
  return (url) =>
    new Promise((resolve, reject) => {
      const fail = (error: Error): void =>
        reject(new Error(`${new URL(url).origin} did not answer: ${error.message}`, { cause: error }));
      const outgoing = request(
        url,
        {
          headers: { accept: 'application/json' },
          // Whole, not only between bytes.
          signal: AbortSignal.timeout(patience),
          ...(caPem === undefined ? {} : { ca: caPem }),
        },
        (incoming) => {
          const chunks: Buffer[] = [];
          let length = 0;
          incoming.on('data', (chunk: Buffer) => {
            length += chunk.length;
            if (length > largest) incoming.destroy(new Error('the document is too large'));
            else chunks.push(chunk);
          });
          incoming.on('error', fail);
          incoming.on('end', () => {
            const type = incoming.headers['content-type'] ?? '';
            resolve(
              new Response(Buffer.concat(chunks), {
                status: incoming.statusCode ?? 500,
                headers: { 'content-type': type },
              }),
            );
          });
        },
      );
      outgoing.on('error', fail);
      outgoing.end();
    });
}
