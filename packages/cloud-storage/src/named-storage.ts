/** A storage that says which one it is when it fails, and may have a public address of its own. */
import { Readable } from 'node:stream';
import type { BlobName, BlobStorage, ByteRange, StoredBlob } from '@sallyport/blob-storage';
import { storageFailure } from './storage-error.ts';

export class NamedStorage implements BlobStorage {
  readonly #name: string;
  readonly #inner: BlobStorage;
  readonly #publicUrl: string | undefined;

  /** `publicUrl` ends with a slash: blobs can be read by anybody right under it. */
  constructor(name: string, inner: BlobStorage, publicUrl: string | undefined) {
    this.#name = name;
    this.#inner = inner;
    this.#publicUrl = publicUrl;
  }

  async put(name: BlobName, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    let failure: { readonly reason: unknown } | undefined;
    async function* watched(): AsyncGenerator<Uint8Array> {
      try {
        yield* content;
      } catch (error) {
        failure = { reason: error };
        throw error;
      }
    }
    try {
      await this.#inner.put(name, watched(), signal);
    } catch (error) {
      throw failure?.reason ?? storageFailure(this.#name, error);
    }
  }

  async open(name: BlobName): Promise<StoredBlob | undefined> {
    const found = await this.#told(() => this.#inner.open(name));
    if (found === undefined) return undefined;
    const read = (stream: Readable): AsyncGenerator<Uint8Array> => this.#read(stream);
    return {
      length: found.length,
      storedAt: found.storedAt,
      stream: (range?: ByteRange) => Readable.from(read(found.stream(range)), { objectMode: false }),
    };
  }

  async has(name: BlobName): Promise<boolean> {
    return this.#told(() => this.#inner.has(name));
  }

  async *list(): AsyncIterable<BlobName> {
    try {
      yield* this.#inner.list();
    } catch (error) {
      throw storageFailure(this.#name, error);
    }
  }

  async remove(name: BlobName): Promise<boolean> {
    return this.#told(() => this.#inner.remove(name));
  }

  async directUrl(name: BlobName, seconds: number): Promise<string | undefined> {
    if (this.#publicUrl !== undefined) return `${this.#publicUrl}${name}`;
    return this.#told(() => this.#inner.directUrl(name, seconds));
  }

  async sweep(before: Date): Promise<void> {
    await this.#told(() => this.#inner.sweep(before));
  }

  async *#read(stream: Readable): AsyncGenerator<Uint8Array> {
    try {
      yield* stream as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw storageFailure(this.#name, error);
    }
  }

  async #told<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw storageFailure(this.#name, error);
    }
  }
}
