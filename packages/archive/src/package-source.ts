/** A package file, read through one descriptor and one reused window: memory does not grow with the package. */
import { fstatSync, readSync } from 'node:fs';
import { ArchiveError } from './archive-error.ts';

/** Bytes of the window, and the most that {@link PackageSource.view} gives at once. */
export const windowBytes = 1024 * 1024;

export class PackageSource {
  /** Bytes of the file when it was opened. */
  readonly length: number;
  readonly #descriptor: number;
  readonly #window: Buffer;
  #start = 0;
  #end = 0;

  /** The descriptor stays the caller's; its position is neither used nor moved. */
  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.length = fstatSync(descriptor).size;
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
    if (readFully(this.#descriptor, bytes, offset) < length) throw cutOff(offset, length);
    return bytes;
  }

  #fill(offset: number, length: number): void {
    const read = readFully(this.#descriptor, this.#window, offset);
    this.#start = offset;
    this.#end = offset + read;
    if (read < length) throw cutOff(offset, length);
  }
}

function readFully(descriptor: number, into: Buffer, offset: number): number {
  let read = 0;
  while (read < into.length) {
    const got = readSync(descriptor, into, read, into.length - read, offset + read);
    if (got === 0) break;
    read += got;
  }
  return read;
}

function cutOff(offset: number, length: number): ArchiveError {
  return new ArchiveError('OverlappingEntries', `The package ends before byte ${offset + length}, which it refers to.`);
}
