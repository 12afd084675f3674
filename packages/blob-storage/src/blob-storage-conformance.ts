/** What every {@link BlobStorage} must hold to. An implementation's test calls this with a way to make an empty storage. */
import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { parseBlobName, type BlobName } from './blob-name.ts';
import { BlobMismatch, type BlobStorage, type ByteRange, type StoredBlob } from './blob-storage.ts';

const content = Buffer.from(Array.from({ length: 700_001 }, (_, i) => (i * 31 + (i >> 8)) % 256));

/** More than one part of an upload, in storages that have such. */
const large = Buffer.concat(Array.from({ length: 15 }, () => content));

function nameOf(bytes: Uint8Array, extension = '.zip'): BlobName {
  const name = parseBlobName(createHash('sha256').update(bytes).digest('hex') + extension);
  if (name === undefined) throw new Error('a SHA-256 is a blob name');
  return name;
}

async function* pieces(bytes: Uint8Array, length = 65_537): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function* failing(bytes: Uint8Array, after = 1000): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, after);
  throw new Error('the connection broke');
}

async function contentOf(blob: StoredBlob | undefined, range?: ByteRange): Promise<Buffer> {
  if (blob === undefined) throw new Error('the blob is not stored');
  return buffer(blob.stream(range));
}

async function names(storage: BlobStorage): Promise<string[]> {
  const all: string[] = [];
  for await (const name of storage.list()) all.push(name);
  return all.sort();
}

/** Declares the suite. `empty` makes a new, empty storage for each test. */
export function blobStorageConformance(empty: () => Promise<BlobStorage>): void {
  test('what was put comes back, whole and by range', async () => {
    const storage = await empty();
    await storage.put(nameOf(content), pieces(content));
    const blob = await storage.open(nameOf(content));
    expect(blob?.length).toBe(content.length);
    expect(Math.abs(Date.now() - (blob?.storedAt.getTime() ?? 0))).toBeLessThan(3_600_000);
    expect((await contentOf(blob)).equals(content)).toBe(true);
    const range = await contentOf(blob, { start: 300_000, end: 600_001 });
    expect(range.equals(content.subarray(300_000, 600_001))).toBe(true);
    expect((await contentOf(blob, { start: 700_000 })).equals(content.subarray(700_000))).toBe(true);
    expect(await contentOf(blob, { start: 5, end: 5 })).toHaveLength(0);
  });

  test('S1.4 where there is a direct URL, anybody can read the blob with it, and go on in the middle', async () => {
    const storage = await empty();
    await storage.put(nameOf(content), pieces(content));
    const url = await storage.directUrl(nameOf(content), 600);
    if (url === undefined) return;
    const whole = await fetch(url);
    expect(whole.status).toBe(200);
    expect(content.equals(Buffer.from(await whole.arrayBuffer()))).toBe(true);
    const rest = await fetch(url, { headers: { range: 'bytes=700000-' } });
    expect(rest.status).toBe(206);
    expect(rest.headers.get('content-range')).toBe(`bytes 700000-${content.length - 1}/${content.length}`);
    expect(Buffer.from(await rest.arrayBuffer())).toEqual(content.subarray(700_000));
    const missing = await storage.directUrl(nameOf(Buffer.from('nothing')), 600);
    expect((await fetch(missing ?? '')).status).toBe(404);
  });

  test('a range outside the blob is refused', async () => {
    const storage = await empty();
    await storage.put(nameOf(content), pieces(content));
    const blob = await storage.open(nameOf(content));
    for (const range of [{ start: -1 }, { start: 2, end: 1 }, { start: 0, end: content.length + 1 }, { start: 0.5 }]) {
      expect(() => blob?.stream(range)).toThrow(RangeError);
    }
  });

  test('an empty blob is a blob', async () => {
    const storage = await empty();
    await storage.put(nameOf(Buffer.alloc(0)), pieces(Buffer.alloc(0)));
    const blob = await storage.open(nameOf(Buffer.alloc(0)));
    expect(blob?.length).toBe(0);
    expect(await contentOf(blob)).toHaveLength(0);
  });

  test('T20 content that is not what its name says is refused and not kept', async () => {
    const storage = await empty();
    const other = Buffer.from(content);
    other[1234] = (other[1234] ?? 0) ^ 1;
    await expect(storage.put(nameOf(content), pieces(other))).rejects.toBeInstanceOf(BlobMismatch);
    await expect(storage.put(nameOf(content), pieces(content.subarray(1)))).rejects.toBeInstanceOf(BlobMismatch);
    expect(await storage.has(nameOf(content))).toBe(false);
    expect(await names(storage)).toEqual([]);
  });

  test('T84 content that breaks off leaves nothing, and does not harm what is stored', async () => {
    const storage = await empty();
    await expect(storage.put(nameOf(content), failing(content))).rejects.toThrow('the connection broke');
    expect(await names(storage)).toEqual([]);
    await storage.put(nameOf(content), pieces(content));
    await expect(storage.put(nameOf(content), failing(content))).rejects.toThrow('the connection broke');
    expect((await contentOf(await storage.open(nameOf(content)))).equals(content)).toBe(true);
  });

  test('S1.2 content that has come whole and is then not let through is nowhere', async () => {
    const storage = await empty();
    for (const bytes of [content, large]) {
      const refused = (async function* (): AsyncGenerator<Uint8Array> {
        yield* pieces(bytes);
        // What waits here is the scan of the package.
        expect(await names(storage)).toEqual([]);
        expect(await storage.has(nameOf(bytes))).toBe(false);
        throw new Error('the scanner objects');
      })();
      await expect(storage.put(nameOf(bytes), refused)).rejects.toThrow('the scanner objects');
      expect(await names(storage)).toEqual([]);
      expect(await storage.open(nameOf(bytes))).toBeUndefined();
    }
  });

  test('a canceled put leaves nothing', async () => {
    const storage = await empty();
    await expect(storage.put(nameOf(content), pieces(content), AbortSignal.abort())).rejects.toThrow('aborted');
    expect(await names(storage)).toEqual([]);
  });

  test('putting again, and at the same time, is harmless', async () => {
    const storage = await empty();
    await Promise.all([1000, 9999, 65_536].map((length) => storage.put(nameOf(content), pieces(content, length))));
    expect(await names(storage)).toEqual([nameOf(content)]);
    expect((await contentOf(await storage.open(nameOf(content)))).equals(content)).toBe(true);
  });

  test('list, has and remove agree', async () => {
    const storage = await empty();
    const others = ['one', 'two', 'three'].map((text) => Buffer.from(text));
    expect(await names(storage)).toEqual([]);
    for (const bytes of others) await storage.put(nameOf(bytes), pieces(bytes));
    expect(await names(storage)).toEqual(others.map((bytes) => nameOf(bytes)).sort());
    const [first = Buffer.alloc(0)] = others;
    expect(await storage.remove(nameOf(first))).toBe(true);
    expect(await storage.remove(nameOf(first))).toBe(false);
    expect(await storage.has(nameOf(first))).toBe(false);
    expect(await storage.open(nameOf(first))).toBeUndefined();
    expect(await names(storage)).toHaveLength(2);
  });

  test('S1.4 an upload that broke off is taken up again, and is swept away when it is not', async () => {
    const storage = await empty();
    await expect(storage.put(nameOf(large), failing(large, large.length - 5))).rejects.toThrow('the connection broke');
    expect(await names(storage)).toEqual([]);
    await storage.sweep(new Date(Date.now() - 3_600_000));
    await storage.put(nameOf(large), pieces(large));
    expect((await contentOf(await storage.open(nameOf(large)))).equals(large)).toBe(true);
    await storage.sweep(new Date(Date.now() + 3_600_000));
    expect(await names(storage)).toEqual([nameOf(large)]);
  });

  test('T20 an upload in several parts is refused whole when it is not what its name says', async () => {
    const storage = await empty();
    await expect(storage.put(nameOf(content), pieces(large))).rejects.toBeInstanceOf(BlobMismatch);
    expect(await names(storage)).toEqual([]);
  });

  test('T32 a name that is a path never reaches the storage', async () => {
    const storage = await empty();
    for (const bad of ['', '..', '../x', '/etc/passwd', `${'a'.repeat(64)}/x`, `${'A'.repeat(64)}.zip`, 'x\0y']) {
      expect(parseBlobName(bad)).toBeUndefined();
      await expect(storage.put(bad as BlobName, pieces(content))).rejects.toThrow('not the name of a blob');
      await expect(storage.open(bad as BlobName)).rejects.toThrow('not the name of a blob');
      await expect(storage.remove(bad as BlobName)).rejects.toThrow('not the name of a blob');
    }
  });
}
