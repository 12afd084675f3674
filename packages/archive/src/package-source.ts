/** A package, read through one reused window: memory does not grow with the package. */
import { fstatSync, readSync } from 'node:fs';
import { ArchiveError } from './archive-error.ts';

/** Bytes of the window, and the most that {@link PackageSource.view} gives at once. */
export const windowBytes = 1024 * 1024;

/** Where the bytes of a package come from. */
export interface PackageBytes {
  /** How many there are. */
  readonly length: number;
  /** Puts bytes from `offset` on into `into`, from `at` on; gives how many, 0 at the end. */
  read(into: Buffer, at: number, offset: number): number;
}

/** Those of an open file. The descriptor stays the caller's; its position is neither used nor moved. */
export function bytesOfFile(descriptor: number): PackageBytes {
  return {
    length: fstatSync(descriptor).size,
    read: (into, at, offset) => readSync(descriptor, into, at, into.length - at, offset),
  };
}

/** Those in memory. */
export function bytesInMemory(bytes: Buffer): PackageBytes {
  return { length: bytes.length, read: (into, at, offset) => bytes.copy(into, at, offset) };
}

export class PackageSource {
  /** Bytes of the package when it was opened. */
  readonly length: number;
  readonly #bytes: PackageBytes;
  readonly #window: Buffer;
  #start = 0;
  #end = 0;

  constructor(bytes: PackageBytes) {
    this.#bytes = bytes;
    this.length = bytes.length;
    this.#window = Buffer.allocUnsafeSlow(Math.min(windowBytes, this.length));
  }

  /** `length` bytes from `offset`: a view that the next call may overwrite. At most {@link windowBytes}. */
  view(offset: number, length: number): Buffer {
    if (offset < this.#start || offset + length > this.#end) this.#fill(offset, length);
    return this.#window.subarray(offset - this.#start, offset - this.#start + length);
  }

  /** `length` bytes from `offset` in memory of their own. */
  copy(offset: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (readFully(this.#bytes, bytes, offset) < length) throw cutOff(offset, length);
    return bytes;
  }

  #fill(offset: number, length: number): void {
    const read = readFully(this.#bytes, this.#window, offset);
    this.#start = offset;
    this.#end = offset + read;
    if (read < length) throw cutOff(offset, length);
  }
}

function readFully(bytes: PackageBytes, into: Buffer, offset: number): number {
  let read = 0;
  while (read < into.length) {
    const got = bytes.read(into, read, offset + read);
    if (got === 0) break;
    read += got;
  }
  return read;
}

function cutOff(offset: number, length: number): ArchiveError {
  return new ArchiveError('OverlappingEntries', `The package ends before byte ${offset + length}, which it refers to.`);
}
