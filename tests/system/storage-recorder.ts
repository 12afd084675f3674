/** In front of a storage server: carries everything, writes down who asks for what, and can fail for machines as a storage fails. */
import { once } from 'node:events';
import { createServer, request as send, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StorageRequest {
  readonly method: string;
  readonly path: string;
  /** Signed in its query: whoever asks has no credentials, only a URL. That is how machines come. */
  readonly isByUrl: boolean;
  readonly range: string;
  status: number;
}

export interface StorageRecorder {
  readonly url: string;
  readonly requests: StorageRequest[];
  /** Of the packages, those that machines asked for. */
  byMachines(): readonly StorageRequest[];
  /** What the next requests of machines meet, one after the other; without any the storage answers. */
  readonly troubles: ('expired' | 'cut')[];
  close(): Promise<void>;
}

export async function startStorageRecorder(target: string): Promise<StorageRecorder> {
  const requests: StorageRequest[] = [];
  const troubles: StorageRecorder['troubles'] = [];
  const server = createServer((incoming, outgoing) => {
    const url = new URL(incoming.url ?? '/', target);
    const isByUrl = url.searchParams.has('X-Amz-Signature') || url.searchParams.has('sig');
    const { method = '', headers } = incoming;
    const noted = { method, path: url.pathname, isByUrl, range: headers.range ?? '', status: 0 };
    requests.push(noted);
    const trouble = isByUrl ? troubles.shift() : undefined;
    if (trouble === 'expired') {
      noted.status = 403;
      outgoing.writeHead(403).end('<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>');
      return;
    }
    carry(url, incoming, outgoing, (answer) => {
      noted.status = answer.statusCode ?? 0;
      outgoing.writeHead(noted.status, answer.headers);
      if (trouble === 'cut') answer.once('data', (chunk: Buffer) => outgoing.write(chunk, () => outgoing.destroy()));
      else answer.pipe(outgoing);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    troubles,
    byMachines: () => requests.filter(({ isByUrl }) => isByUrl),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function carry(
  url: URL,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answered: (answer: IncomingMessage) => void,
): void {
  // The host stays as it was asked for: it is signed.
  const forwarded = send(url, { method: incoming.method, headers: incoming.headers }, answered);
  forwarded.on('error', () => outgoing.destroy());
  outgoing.on('close', () => forwarded.destroy());
  incoming.pipe(forwarded);
}
