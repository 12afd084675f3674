/** Length and SHA-256 of an open file, in the memory of one window. */
import { createHash } from 'node:crypto';
import { fstatSync, readSync } from 'node:fs';
import { windowBytes } from './package-source.ts';

export interface FileHash {
  readonly length: number;
  /** Lower-case hex. */
  readonly sha256: string;
}

/** Reads the whole file at `descriptor` from its beginning; the descriptor's position is neither used nor moved. */
export function hashFile(descriptor: number): FileHash {
  const hash = createHash('sha256');
  const window = Buffer.allocUnsafeSlow(Math.max(1, Math.min(windowBytes, fstatSync(descriptor).size)));
  let length = 0;
  for (;;) {
    const read = readSync(descriptor, window, 0, window.length, length);
    if (read === 0) return { length, sha256: hash.digest('hex') };
    hash.update(window.subarray(0, read));
    length += read;
  }
}
