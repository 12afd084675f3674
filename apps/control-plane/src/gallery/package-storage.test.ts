import { createHash } from 'node:crypto';
import { rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { FolderStorage, parseBlobName, type BlobName } from '@sallyport/blob-storage';
import { folderSettings, writeStorageSettings } from '@sallyport/cloud-storage';
import { temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { Hono } from 'hono';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../http/log.ts';
import { addGalleryRoutes } from './gallery-routes.ts';
import { openPackageStorage, type PackageStorage } from './package-storage.ts';

let folder: TemporaryDirectory;
let storage: PackageStorage;
const log = createLog('error');

beforeEach(() => {
  folder = temporaryDirectory('package-storage');
  storage = openPackageStorage(folder.path, () => 0, log);
});
afterEach(() => folder.remove());

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

async function put(place: string, text: string): Promise<BlobName> {
  const name = parseBlobName(`${sha256(text)}.zip`);
  if (name === undefined) throw new Error('a SHA-256 is a blob name');
  async function* content(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(text);
  }
  await new FolderStorage(join(folder.path, place)).put(name, content());
  return name;
}

function keepIn(...addresses: readonly string[]): void {
  const storages = addresses.map((address, i) => ({ address, emptying: i > 0 }));
  writeStorageSettings(folder.path, { ...folderSettings, storages });
}

async function get(path: string, headers: Record<string, string> = {}): Promise<Response> {
  const app = new Hono();
  addGalleryRoutes(app, folder.path, storage, log);
  return app.request(path, { headers });
}

test('what is there is seen at once; settings that change are, without a restart', async () => {
  const all = [sha256('one'), sha256('two')];
  expect(await storage.present(all)).toEqual(new Set());
  await put('packages', 'one');
  expect(await storage.present(all)).toEqual(new Set([sha256('one')]));
  await put('elsewhere', 'two');
  keepIn('elsewhere');
  expect(await storage.present(all)).toEqual(new Set([sha256('two')]));
  keepIn('elsewhere', 'packages');
  expect(await storage.present(all)).toEqual(new Set(all));
});

test('a folder is listed again when it has changed, and only then', async () => {
  const all = [sha256('one'), sha256('two')];
  await put('packages', 'one');
  const packages = join(folder.path, 'packages');
  utimesSync(packages, 1000, 1000);
  expect(await storage.present(all)).toEqual(new Set([sha256('one')]));
  const two = await put('packages', 'two');
  expect(await storage.present(all)).toEqual(new Set(all));
  utimesSync(packages, 1001, 1001);
  expect(await storage.present(all)).toEqual(new Set(all));
  rmSync(join(packages, two));
  // As nothing else does: it looks as if nothing had happened.
  utimesSync(packages, 1001, 1001);
  expect(await storage.present(all)).toEqual(new Set(all));
  utimesSync(packages, 1002, 1002);
  expect(await storage.present(all)).toEqual(new Set([sha256('one')]));
});

test('S1.4 storage that everybody can read is named, and the control plane where only it can', async () => {
  const own = 'https://control-plane/packages/x.zip';
  expect(await storage.urls(sha256('one'), own)).toEqual([own]);
  keepIn(`file://${folder.path}/elsewhere?publicUrl=https://packages.example.com/all`, 'packages');
  const there = `https://packages.example.com/all/${sha256('one')}.zip`;
  expect(await storage.urls(sha256('one'), own)).toEqual([there, own]);
  const settings = { ...folderSettings, delivery: 'proxied' as const };
  writeStorageSettings(folder.path, settings);
  expect(await storage.urls(sha256('one'), own)).toEqual([own]);
});

test('a storage that cannot be opened holds up no goal state, and is told to nobody but the log', async () => {
  keepIn('azblob://container?connection=NOT_THERE');
  expect(await storage.urls(sha256('one'), 'own')).toEqual(['own']);
  const answer = await get(`/packages/${sha256('one')}.zip`);
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain('NOT_THERE');
});

test('S1.5 a package is handed out whole and by range, wherever it is', async () => {
  const name = await put('elsewhere', 'one package');
  keepIn('packages', 'elsewhere');
  expect(await (await get(`/packages/${name}`)).text()).toBe('one package');
  const rest = await get(`/packages/${name}`, { range: 'bytes=4-' });
  expect([rest.status, rest.headers.get('content-range')]).toEqual([206, 'bytes 4-10/11']);
  expect(await rest.text()).toBe('package');
  expect((await get(`/packages/${name}`, { range: 'bytes=11-' })).status).toBe(416);
  expect((await get(`/packages/${sha256('another')}.zip`)).status).toBe(404);
});
