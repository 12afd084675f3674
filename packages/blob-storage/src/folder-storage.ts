/** Blobs as files of one folder. A blob is written beside its place, checked, made durable, and only then renamed into it. */
import { createHash, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { parseBlobName, requireBlobName, sha256OfBlobName, type BlobName } from './blob-name.ts';
import { rangeWithin } from './byte-range.ts';
import { BlobMismatch, type BlobStorage, type ByteRange, type StoredBlob } from './blob-storage.ts';

const incoming = '.incoming-';
const chunkLength = 256 * 1024;
/** Times of files are that exact, wherever they are. Milliseconds. */
const settledMilliseconds = 3_000;
/** Flushed while more is coming, so that little is left to wait for at the end. */
const flushedEvery = 8 * 1024 * 1024;

/** Stores blobs in a folder, which is made on the first {@link FolderStorage.put}. Any number of processes may share it. */
export class FolderStorage implements BlobStorage {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  async put(name: BlobName, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    const place = this.#path(name);
    await mkdir(this.#folder, { recursive: true });
    const fresh = join(this.#folder, `${incoming}${randomBytes(12).toString('hex')}`);
    const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
    try {
      const file = await open(fresh, flags, 0o644);
      try {
        const sha256 = await write(file, content, signal);
        if (sha256 !== sha256OfBlobName(name)) {
          throw new BlobMismatch(`The content has the SHA-256 ${sha256}, so it cannot be stored as ${name}.`);
        }
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(fresh, place);
    } catch (error) {
      await rm(fresh, { force: true });
      throw error;
    }
    await syncFolder(this.#folder);
  }

  async open(name: BlobName): Promise<StoredBlob | undefined> {
    const place = this.#path(name);
    const found = await lstat(place).catch(undefinedWhenMissing);
    if (found === undefined || !found.isFile()) return undefined;
    const length = found.size;
    return {
      length,
      storedAt: found.mtime,
      stream(range?: ByteRange): Readable {
        const { start, end } = rangeWithin(length, range);
        return Readable.from(read(place, start, end), { objectMode: false });
      },
    };
  }

  async has(name: BlobName): Promise<boolean> {
    return (await this.open(name)) !== undefined;
  }

  async *list(): AsyncIterable<BlobName> {
    for (const entry of (await readdir(this.#folder, { withFileTypes: true }).catch(undefinedWhenMissing)) ?? []) {
      const name = entry.isFile() ? parseBlobName(entry.name) : undefined;
      if (name !== undefined) yield name;
    }
  }

  /**
   * Is the same as before as long as {@link FolderStorage.list} is, so that a long list need not be read again. Undefined while that cannot
   * be told: a change within the last seconds may be followed by another one that leaves the folder's times as they are.
   */
  async stamp(): Promise<string | undefined> {
    const found = await stat(this.#folder, { bigint: true }).catch(undefinedWhenMissing);
    if (found === undefined) return 'none';
    const { dev, ino, mtimeNs } = found;
    if (Date.now() - Number(mtimeNs / 1_000_000n) < settledMilliseconds) return undefined;
    return `${dev} ${ino} ${mtimeNs}`;
  }

  async remove(name: BlobName): Promise<boolean> {
    if (!(await this.has(name))) return false;
    await rm(this.#path(name), { force: true });
    await syncFolder(this.#folder);
    return true;
  }

  /** A folder is read by whoever has it. */
  async directUrl(name: BlobName): Promise<undefined> {
    requireBlobName(name);
  }

  /** Removes what writers that died left behind: unfinished files not touched since `before`. */
  async sweep(before: Date): Promise<void> {
    for (const entry of (await readdir(this.#folder).catch(undefinedWhenMissing)) ?? []) {
      if (!entry.startsWith(incoming)) continue;
      const path = join(this.#folder, entry);
      const found = await lstat(path).catch(undefinedWhenMissing);
      if (found !== undefined && found.mtime < before) await rm(path, { force: true });
    }
  }

  /** Checked here again because a cast could bring a path this far, and this is the line that would follow it (T32). */
  #path(name: BlobName): string {
    return join(this.#folder, requireBlobName(name));
  }
}

async function write(file: FileHandle, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<string> {
  // The umask does not decide who may read the packages.
  await file.chmod(0o644);
  const hash = createHash('sha256');
  const flusher = flushing(file);
  try {
    for await (const chunk of content) {
      signal?.throwIfAborted();
      hash.update(chunk);
      let written = 0;
      while (written < chunk.length) written += (await file.write(chunk, written)).bytesWritten;
      flusher.wrote(chunk.length);
    }
  } finally {
    await flusher.end();
  }
  return hash.digest('hex');
}

interface Flusher {
  wrote(length: number): void;
  /** Resolves when no flush is under way; throws what any of them ran into, which the kernel tells only once. */
  end(): Promise<void>;
}

/** Flushes a file that is being written, one flush at a time. */
function flushing(file: FileHandle): Flusher {
  let since = 0;
  let running: Promise<void> | undefined;
  let failure: { readonly reason: unknown } | undefined;
  return {
    wrote(length) {
      since += length;
      if (since < flushedEvery || running !== undefined) return;
      since = 0;
      running = file
        .datasync()
        .catch((error: unknown) => {
          failure ??= { reason: error };
        })
        .finally(() => {
          running = undefined;
        });
    },
    async end() {
      await running;
      if (failure !== undefined) throw failure.reason;
    },
  };
}

async function* read(path: string, start: number, end: number): AsyncGenerator<Uint8Array> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    let position = start;
    while (position < end) {
      const chunk = Buffer.allocUnsafe(Math.min(chunkLength, end - position));
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) throw new Error(`The blob ${path} became shorter while it was read.`);
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function undefinedWhenMissing(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}
