import { ContainerClient } from '@azure/storage-blob';
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

    test('by address, with a prefix and the credentials in the environment', async () => {
      const { containerName } = await container();
      const storage = await openStorage(`azblob://${containerName}/some/where?connection=OUR_ACCOUNT`, {
        OUR_ACCOUNT: azurite.connection,
      });
      expect(storage).toBeInstanceOf(AzureStorage);
      const listed: string[] = [];
      for await (const name of storage.list()) listed.push(name);
      expect(listed).toEqual([]);
    });
  },
);

test.each([
  ['ftp://x/y', 'is not the address of a storage'],
  ['s3://key:secret@bucket/', 'holds no user name or password'],
  ['azblob://container', 'AZURE_STORAGE_CONNECTION_STRING is to hold'],
  ['azblob://container?connection=OTHER', 'OTHER is to hold'],
])('S1.7 the address %s is refused with a sentence', async (address, sentence) => {
  await expect(openStorage(address, {})).rejects.toThrow(sentence);
});
