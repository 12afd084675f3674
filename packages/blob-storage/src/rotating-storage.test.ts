import { createHash } from 'node:crypto';
import { temporaryDirectory, type TemporaryDirectory } from '@sallyport/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseBlobName, type BlobName } from './blob-name.ts';
import { blobStorageConformance } from './blob-storage-conformance.ts';
import type { BlobStorage } from './blob-storage.ts';
import { collectGarbage } from './collect-garbage.ts';
import { FolderStorage } from './folder-storage.ts';
import { RotatingStorage } from './rotating-storage.ts';

let folder: TemporaryDirectory;
let made = 0;
beforeEach(() => {
  folder = temporaryDirectory('rotating');
});
afterEach(() => folder.remove());

const account = (name: string, takesNew = true) => ({
  name,
  storage: new FolderStorage(`${folder.path}/${name}`),
  takesNew,
});

function nameOf(text: string): BlobName {
  const name = parseBlobName(`${createHash('sha256').update(text).digest('hex')}.zip`);
  if (name === undefined) throw new Error('a SHA-256 is a blob name');
  return name;
}

async function* content(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function put(storage: BlobStorage, ...texts: readonly string[]): Promise<void> {
  for (const text of texts) await storage.put(nameOf(text), content(text));
}

async function names(storage: BlobStorage): Promise<string[]> {
  const all: string[] = [];
  for await (const name of storage.list()) all.push(name);
  return all.sort();
}

describe('several accounts', () => {
  blobStorageConformance(
    async () =>
      new RotatingStorage([account(`emptied-${made}`, false), account(`new-${(made += 1)}`), account(`x-${made}`)]),
  );

  test('S1.4 an account is replaced: new first, old emptied, moved out, gone', async () => {
    const old = account('old');
    await put(old.storage, 'one', 'two');
    const fresh = account('fresh');
    const both = new RotatingStorage([fresh, { ...old, takesNew: false }]);
    await put(both, 'three', 'two');
    expect(await names(both)).toEqual(['one', 'three', 'two'].map(nameOf).sort());
    const moved: string[] = [];
    for await (const name of both.moveOut()) moved.push(name);
    expect(moved).toEqual([nameOf('one')]);
    expect(await names(fresh.storage)).toEqual(await names(both));
  });

  test('S1.4 an account that is out of reach does not hide what another has; nothing is made up either', async () => {
    const broken: BlobStorage = Object.assign(Object.create(FolderStorage.prototype) as FolderStorage, {
      open: () => Promise.reject(new Error('out of reach')),
    });
    const good = account('good');
    await put(good.storage, 'one');
    const both = new RotatingStorage([{ name: 'broken', storage: broken, takesNew: true }, good]);
    expect(await both.has(nameOf('one'))).toBe(true);
    await expect(both.has(nameOf('two'))).rejects.toThrow('out of reach');
  });

  test('accounts that are all being emptied take nothing', async () => {
    await expect(put(new RotatingStorage([account('a', false)]), 'one')).rejects.toThrow('takes anything new');
  });
});

describe('garbage', () => {
  const old = async (): Promise<boolean> => true;

  test('only what nothing names and what is old is removed', async () => {
    const { storage } = account('garbage');
    await put(storage, 'named', 'garbage', 'young');
    const removed = await collectGarbage({
      storage,
      named: async () => new Set([nameOf('named')]),
      isOld: async (name) => name !== nameOf('young'),
    });
    expect(removed).toEqual([nameOf('garbage')]);
    expect(await names(storage)).toEqual([nameOf('named'), nameOf('young')].sort());
  });

  test('what is named while it runs stays', async () => {
    const { storage } = account('race');
    await put(storage, 'published meanwhile');
    let asked = 0;
    const named = async (): Promise<ReadonlySet<string>> =>
      (asked += 1) === 1 ? new Set() : new Set([nameOf('published meanwhile')]);
    expect(await collectGarbage({ storage, named, isOld: old })).toEqual([]);
    expect(await storage.has(nameOf('published meanwhile'))).toBe(true);
  });

  test('when it cannot be told what is named, nothing is removed, not even the second time', async () => {
    const { storage } = account('unknown');
    await put(storage, 'one');
    const unknown = async (): Promise<never> => Promise.reject(new Error('the catalog is damaged'));
    await expect(collectGarbage({ storage, named: unknown, isOld: old })).rejects.toThrow('damaged');
    let asked = 0;
    const later = async (): Promise<ReadonlySet<string>> => ((asked += 1) === 1 ? new Set() : unknown());
    await expect(collectGarbage({ storage, named: later, isOld: old })).rejects.toThrow('damaged');
    expect(await storage.has(nameOf('one'))).toBe(true);
  });
});
