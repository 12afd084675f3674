import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { blobStorageConformance } from './blob-storage-conformance.ts';
import { parseBlobName, type BlobName } from './blob-name.ts';
import { FolderStorage } from './folder-storage.ts';

const made: string[] = [];

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-blobs-'));
  made.push(folder);
  return folder;
}

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
});

function helloName(): BlobName {
  const name = parseBlobName(`${createHash('sha256').update('hello').digest('hex')}.zip`);
  if (name === undefined) throw new Error('a SHA-256 is a blob name');
  return name;
}

async function* hello(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('hello');
}

describe('FolderStorage', () => {
  blobStorageConformance(async () => new FolderStorage(join(temporaryFolder(), 'packages')));

  test('blobs are readable files under their own names, and nothing else is left', async () => {
    const folder = temporaryFolder();
    await new FolderStorage(folder).put(helloName(), hello());
    expect(readdirSync(folder)).toEqual([helloName()]);
    expect(statSync(join(folder, helloName())).mode & 0o7777).toBe(0o644);
  });

  test('a link or a directory in the place of a blob is not a blob', async () => {
    const folder = temporaryFolder();
    const secret = join(temporaryFolder(), 'secret');
    writeFileSync(secret, 'hello');
    symlinkSync(secret, join(folder, helloName()));
    const storage = new FolderStorage(folder);
    expect(await storage.open(helloName())).toBeUndefined();
    rmSync(join(folder, helloName()));
    mkdirSync(join(folder, helloName()));
    expect(await storage.has(helloName())).toBe(false);
  });

  test('the stamp is the same for as long as the list is, and none while it may change unseen', async () => {
    const folder = join(temporaryFolder(), 'packages');
    const storage = new FolderStorage(folder);
    expect(await storage.stamp()).toBe('none');
    await storage.put(helloName(), hello());
    expect(await storage.stamp()).toBeUndefined();
    utimesSync(folder, 1000, 1000);
    const stamp = await storage.stamp();
    expect(stamp).toEqual(expect.any(String));
    expect(await storage.stamp()).toBe(stamp);
    await storage.remove(helloName());
    expect(await storage.stamp()).toBeUndefined();
    utimesSync(folder, 1001, 1001);
    expect(await storage.stamp()).not.toBe(stamp);
    // A clock that is ahead here or there says nothing.
    utimesSync(folder, Date.now() / 1000 + 1000, Date.now() / 1000 + 1000);
    expect(await storage.stamp()).toBeUndefined();
  });

  test('sweep removes only what a dead writer left long ago', async () => {
    const folder = temporaryFolder();
    const storage = new FolderStorage(folder);
    await storage.put(helloName(), hello());
    writeFileSync(join(folder, '.incoming-old'), 'half');
    writeFileSync(join(folder, '.incoming-young'), 'half');
    utimesSync(join(folder, '.incoming-old'), 1000, 1000);
    utimesSync(join(folder, helloName()), 1000, 1000);
    await storage.sweep(new Date(1_000_000_000));
    expect(readdirSync(folder).sort()).toEqual(['.incoming-young', helloName()].sort());
  });
});
