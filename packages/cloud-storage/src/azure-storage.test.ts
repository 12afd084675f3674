import { createHash } from 'node:crypto';
import { ContainerClient, ContainerSASPermissions } from '@azure/storage-blob';
import { parseBlobName, type BlobName } from '@sallyport/blob-storage';
import { blobStorageConformance } from '@sallyport/blob-storage/conformance';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AzureStorage } from './azure-storage.ts';
import { openStorage } from './open-storage.ts';
import { azuriteFolder, startAzurite, type Azurite } from './testing/azurite.ts';

describe.skipIf(azuriteFolder === undefined)(
  'AzureStorage on Azurite (npm test installs it; TEST_AZURITE_FOLDER says where it is)',
  () => {
    let azurite: Azurite;
    let containers = 0;
    beforeAll(async () => {
      azurite = await startAzurite(azuriteFolder ?? '');
    });
    afterAll(async () => azurite.close());

    async function container(): Promise<ContainerClient> {
      const client = new ContainerClient(azurite.connection, `container-${(containers += 1)}`);
      await client.create();
      return client;
    }

    blobStorageConformance(async () => new AzureStorage(await container(), ''));

    test('S1.4 T24 a direct URL is good for one blob, for reading, and for a while', async () => {
      const { containerName } = await container();
      const storage = await openStorage(`azblob://${containerName}?connection=OUR_ACCOUNT`, {
        folder: '/',
        environment: { OUR_ACCOUNT: azurite.connection },
      });
      const [first, second] = [nameOf('first'), nameOf('second')];
      await storage.put(first, piece('first'));
      await storage.put(second, piece('second'));
      const url = (await storage.directUrl(first, 600)) ?? '';
      expect(await (await fetch(url)).text()).toBe('first');
      expect((await fetch(url.replace(first, second))).status).toBe(403);
      expect((await fetch(url.replace(/(?<=[?&]sig=)../, 'xx'))).status).toBe(403);
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
      expect((await fetch((await storage.directUrl(first, -60)) ?? '')).status).toBe(403);
    });

    test('S1.7 a signature for the whole container is not handed on', async () => {
      const client = await container();
      const own = await client.generateSasUrl({
        permissions: ContainerSASPermissions.parse('rwdl'),
        expiresOn: new Date(Date.now() + 600_000),
      });
      const storage = new AzureStorage(new ContainerClient(own), '');
      await storage.put(nameOf('first'), piece('first'));
      expect(await storage.has(nameOf('first'))).toBe(true);
      expect(await storage.directUrl(nameOf('first'), 600)).toBeUndefined();
    });

    test('by address, with a prefix and the credentials in the environment', async () => {
      const client = await container();
      const storage = await openStorage(`azblob://${client.containerName}/some/where?connection=OUR_ACCOUNT`, {
        folder: '/',
        environment: { OUR_ACCOUNT: azurite.connection },
      });
      await storage.put(nameOf('first'), piece('first'));
      const listed: string[] = [];
      for await (const name of storage.list()) listed.push(name);
      expect(listed).toEqual([nameOf('first')]);
      const kept: string[] = [];
      for await (const { name } of client.listBlobsFlat()) kept.push(name);
      expect(kept).toEqual([`some/where/${nameOf('first')}`]);
    });
  },
);

function nameOf(text: string): BlobName {
  const name = parseBlobName(`${createHash('sha256').update(text).digest('hex')}.zip`);
  if (name === undefined) throw new Error('a SHA-256 is a blob name');
  return name;
}

async function* piece(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
