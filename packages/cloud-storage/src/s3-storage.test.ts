import { createHash } from 'node:crypto';
import { blobStorageConformance } from '@sallyport/blob-storage/conformance';
import { parseBlobName } from '@sallyport/blob-storage';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { openAccounts } from './open-accounts.ts';
import { S3Storage } from './s3-storage.ts';
import { bucket, startS3Server, type S3Server } from './testing/s3-server.ts';

let server: S3Server;
let storages = 0;
beforeAll(async () => {
  server = await startS3Server();
});
afterAll(async () => server.close());

function empty(): S3Storage {
  return new S3Storage({ client: server.client, bucket, prefix: `storage-${(storages += 1)}/` });
}

describe('S3Storage on a real S3 server', () => {
  blobStorageConformance(async () => empty());

  test('what is not a blob of ours in the bucket is not listed', async () => {
    const storage = empty();
    const whole = new S3Storage({ client: server.client, bucket, prefix: '' });
    const bytes = Buffer.from('hello');
    const name = parseBlobName(`${createHash('sha256').update(bytes).digest('hex')}.zip`);
    if (name === undefined) throw new Error('a SHA-256 is a blob name');
    await storage.put(name, pieces(bytes));
    const listed: string[] = [];
    for await (const each of whole.list()) listed.push(each);
    expect(listed).toEqual([]);
  });

  test('S1.4 two accounts: the new one takes what is new, the old one is read and moved out of', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'S3RVER');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'S3RVER');
    const bytes = Buffer.from('moved');
    const name = parseBlobName(`${createHash('sha256').update(bytes).digest('hex')}.zip`);
    if (name === undefined) throw new Error('a SHA-256 is a blob name');
    const address = (prefix: string): string =>
      `s3://${bucket}/${prefix}?region=us-east-1&pathStyle=true&endpoint=${encodeURIComponent(server.endpoint)}`;
    try {
      const open = (...storages: readonly { readonly address: string; readonly emptying: boolean }[]) =>
        openAccounts({ storages: [...storages] }, { folder: '/', environment: {} });
      const taking = (prefix: string) => ({ address: address(prefix), emptying: false });
      await (await open(taking('old'))).put(name, pieces(bytes));
      const both = await open(taking('new'), { ...taking('old'), emptying: true });
      expect(await both.has(name)).toBe(true);
      const moved: string[] = [];
      for await (const each of both.moveOut()) moved.push(each);
      expect(moved).toEqual([name]);
      expect(await (await open(taking('new'))).has(name)).toBe(true);
    } finally {
      vi.unstubAllEnvs();
    }
  });
});

async function* pieces(bytes: Buffer): AsyncGenerator<Uint8Array> {
  yield bytes;
}
