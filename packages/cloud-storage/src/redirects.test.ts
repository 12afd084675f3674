/**
 * A storage in wrong hands sends whoever asks it to somebody inside (T24). The libraries of the clouds go to no other origin than the
 * one that their settings name; that is theirs to change, and for this to notice.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseBlobName, type BlobName } from '@sallyport/blob-storage';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openStorage } from './open-storage.ts';

/** Stands inside and says who came. */
let inside: Server;
let came = 0;
/** The storage: it answers everything with the status, and the address inside. */
let storage: Server;
let status = 302;
let asked = 0;

beforeAll(async () => {
  inside = createServer((_request, response) => response.end('secret'));
  inside.on('connection', () => {
    came += 1;
  });
  inside.listen(0, '127.0.0.1');
  await once(inside, 'listening');
  const location = `http://127.0.0.1:${portOf(inside)}/secret`;
  storage = createServer((request, response) => {
    request.resume();
    asked += 1;
    const body = `<Error><Code>TemporaryRedirect</Code><Endpoint>127.0.0.1:${portOf(inside)}</Endpoint><Bucket>b</Bucket></Error>`;
    const headers = { location, 'content-type': 'application/xml', 'x-amz-bucket-region': 'elsewhere-1' };
    response.writeHead(status, headers).end(request.method === 'HEAD' ? undefined : body);
  });
  storage.listen(0, '127.0.0.1');
  await once(storage, 'listening');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'key');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});
afterAll(() => {
  vi.unstubAllEnvs();
  for (const server of [inside, storage]) {
    server.close();
    server.closeAllConnections();
  }
});

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

async function* piece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

const addresses = (): Readonly<Record<string, string>> => ({
  S3: `s3://bucket/prefix?region=us-east-1&pathStyle=true&endpoint=${encodeURIComponent(`http://127.0.0.1:${portOf(storage)}`)}`,
  Azure: 'azblob://container/prefix?connection=CONNECTION',
});

describe.each(['S3', 'Azure'])('%s', (kind) => {
  test.each([301, 302, 303, 307, 308])(
    'T24 a redirect (%d) is an answer like any other, and nobody goes there',
    async (code) => {
      status = code;
      asked = 0;
      const name: BlobName | undefined = parseBlobName(`${createHash('sha256').update('hello').digest('hex')}.zip`);
      if (name === undefined) throw new Error('a SHA-256 is a blob name');
      const account = `http://127.0.0.1:${portOf(storage)}/account`;
      const opened = await openStorage(addresses()[kind] ?? '', {
        folder: '/',
        environment: {
          CONNECTION: `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${Buffer.alloc(64).toString('base64')};BlobEndpoint=${account};`,
        },
      });
      const list = async (): Promise<readonly string[]> => Array.fromAsync(opened.list());
      const outcomes = await Promise.allSettled([
        opened.open(name),
        opened.has(name),
        opened.put(name, piece('hello')),
        list(),
      ]);
      expect(asked).toBeGreaterThan(0);
      expect(came).toBe(0);
      expect(outcomes.map((outcome) => outcome.status)).toEqual(outcomes.map(() => 'rejected'));
    },
  );
});
