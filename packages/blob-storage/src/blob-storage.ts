/** What every storage of blobs can do. Implementations pass the same suite (`blob-storage-conformance.ts`). */
import type { Readable } from 'node:stream';
import type { BlobName } from './blob-name.ts';

/** Bytes `start` to before `end` (bytes from the beginning of the blob). Without `end`: to its end. */
export interface ByteRange {
  readonly start: number;
  readonly end?: number;
}

/** A stored blob, opened for reading. Holds no resource until a stream is read. */
export interface StoredBlob {
  /** In bytes. */
  readonly length: number;
  /** When it was stored last. */
  readonly storedAt: Date;
  /**
   * The bytes, or a range of them. Throws RangeError when the range is not within the blob. The stream fails when the blob
   * disappears meanwhile.
   */
  stream(range?: ByteRange): Readable;
}

/** Content that does not have the SHA-256 its name says. Nothing was kept. */
export class BlobMismatch extends Error {
  override readonly name = 'BlobMismatch';
}

export interface BlobStorage {
  /**
   * Stores content under its name. When it returns, the blob is whole and survives a power loss; when it throws, or the process
   * dies, no part of it is visible. Storing the same name again is harmless, and goes on where an upload broke off if the storage can. Throws {@link BlobMismatch} when the content's
   * SHA-256 is not the one of the name.
   */
  put(name: BlobName, content: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void>;
  /** The blob, or undefined when it is not stored. */
  open(name: BlobName): Promise<StoredBlob | undefined>;
  has(name: BlobName): Promise<boolean>;
  /** The names of all blobs, in any order. */
  list(): AsyncIterable<BlobName>;
  /** Removes a blob; false when it was not there. */
  remove(name: BlobName): Promise<boolean>;
  /**
   * A URL under which anybody can read the blob by plain HTTP for that many seconds, or longer. Undefined where only whoever opened
   * the storage can hand it out. It is made without asking the storage, so it does not say that the blob is there (S1.4).
   */
  directUrl(name: BlobName, seconds: number): Promise<string | undefined>;
  /** Clears away what uploads that died left behind: unfinished ones that nobody touched since `before`. */
  sweep(before: Date): Promise<void>;
}
