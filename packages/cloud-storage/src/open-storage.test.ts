import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { parseBlobName, type BlobName } from '@sallyport/blob-storage';
import { temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openGalleryStorage } from './open-accounts.ts';
import { openStorage, requireStorageAddress } from './open-storage.ts';
import { folderSettings, readStorageSettings, writeStorageSettings, type StorageSettings } from './storage-settings.ts';

const surroundings = { folder: '/', environment: {} };

test.each([
  ['ftp://x/y', 'is not the address of a storage'],
  ['s3://', 'is not the address of a storage'],
  ['s3://key:secret@bucket/', 'holds no user name or password'],
  ['s3://bucket?endpoint=http://key:secret@host/', 'holds no user name or password'],
  ['s3://bucket?endpoint=host', "'endpoint' is to be http(s)://"],
  ['s3://bucket?reigon=eu', "'reigon' in the address s3://bucket is not a parameter"],
  ['s3://bucket?publicUrl=https://host/packages', undefined],
  ['s3://bucket?publicUrl=https://host/?sig%3Dsecret', "'publicUrl' is to be http(s)://"],
  ['azblob://container', 'AZURE_STORAGE_CONNECTION_STRING is to hold'],
  ['azblob://container?connection=OTHER', 'OTHER is to hold'],
])('S1.7 the address %s: %s', async (address, sentence) => {
  const opened = openStorage(address, surroundings);
  if (sentence === undefined) await opened;
  else await expect(opened).rejects.toThrow(sentence);
});

test('S1.7 what is wrong with an address is said without its parameters', () => {
  for (const address of ['s3://user:hush@bucket', 'xx://host?sig=hush', 's3://b?publicUrl=http://host/?hush']) {
    expect(() => requireStorageAddress(address)).toThrow(/^(?!.*hush)/);
  }
});

describe('the settings of a gallery', () => {
  let folder: TemporaryDirectory;
  beforeEach(() => {
    folder = temporaryDirectory('storage-settings');
  });
  afterEach(() => folder.remove());

  const settings = (...storages: StorageSettings['storages']): StorageSettings => ({ ...folderSettings, storages });

  test('without a file packages are in the folder beside the catalog', async () => {
    expect(readStorageSettings(folder.path)).toEqual(folderSettings);
    const storage = await openGalleryStorage(folder.path);
    await storage.put(nameOf('one'), content('one'));
    expect(await (await openStorage(`${folder.path}/packages`, surroundings)).has(nameOf('one'))).toBe(true);
  });

  test('what was written is read; a folder is relative to the gallery', async () => {
    const written = settings({ address: 'elsewhere', emptying: false }, { address: 'packages', emptying: true });
    writeStorageSettings(folder.path, written);
    expect(readStorageSettings(folder.path)).toEqual(written);
    await (await openGalleryStorage(folder.path)).put(nameOf('one'), content('one'));
    expect(await (await openStorage('elsewhere', { ...surroundings, folder: folder.path })).has(nameOf('one'))).toBe(
      true,
    );
  });

  test.each([
    [
      'is named twice',
      settings({ address: 's3://a/b', emptying: false }, { address: 's3://a/b?region=x', emptying: true }),
    ],
    ['All storages are being emptied', settings({ address: 'packages', emptying: true })],
  ])('%s: refused', (sentence, wrong) => {
    expect(() => writeStorageSettings(folder.path, wrong)).toThrow(sentence);
  });
});

describe('a storage that fails', () => {
  let server: Server;
  afterEach(() => {
    server.close();
    vi.unstubAllEnvs();
  });

  test('S1.7 it is called by its address, in one sentence, without what was signed', async () => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'key-that-is-not-told');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'hush');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '1');
    server = createServer((_request, response) => {
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const address = `s3://bucket/some?region=x&pathStyle=true&endpoint=http://127.0.0.1:${port}`;
    const storage = await openStorage(address, surroundings);
    const failures = [
      () => storage.put(nameOf('one'), content('one')),
      () => storage.remove(nameOf('one')),
      () => storage.sweep(new Date()),
      () => storage.list()[Symbol.asyncIterator]().next(),
    ];
    for (const failing of failures) {
      await expect(failing()).rejects.toMatchObject({
        code: 'StorageUnavailable',
        message: expect.stringMatching(/^The package storage s3:\/\/bucket\/some cannot be used: [^?]+\.$/),
      });
    }
    await expect(failures[3]?.()).rejects.toThrow('AccessDenied: Access Denied');
    // The answer to HEAD has no body that could say why.
    await expect(storage.has(nameOf('one'))).rejects.toThrow('cannot be used: HTTP 403.');
  });

  test('what was wrong with the content is told as it is', async () => {
    server = createServer();
    const storage = await openStorage('s3://bucket?region=x&endpoint=http://127.0.0.1:1', surroundings);
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('o');
      throw new Error('the scanner objects');
    }
    await expect(storage.put(nameOf('one'), broken())).rejects.toThrow(/^the scanner objects$/);
  });
});

function nameOf(text: string): BlobName {
  const name = parseBlobName(`${createHash('sha256').update(text).digest('hex')}.zip`);
  if (name === undefined) throw new Error('a SHA-256 is a blob name');
  return name;
}

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}
