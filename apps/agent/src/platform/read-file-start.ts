/**
 * Reads files that others write: a link is not followed, a file that has another name elsewhere is not taken for theirs, a pipe is not
 * waited for, and nothing endless is read (T47, T57).
 */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isMissing } from '@sallyport/durable-files';

export interface FileStart {
  readonly text: string;
  /** Bytes of the whole file. */
  readonly size: number;
  /** When it was last written, milliseconds since 1970. */
  readonly changed: number;
}

/** The first `most` bytes; undefined when there is no such file. Throws when it is something else, or cannot be read. */
export function readFileStart(path: string, most: number): FileStart | undefined {
  let file: number;
  try {
    file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile()) throw new Error(`${path} is not a file`);
    if (found.nlink > 1) throw new Error(`${path} is another file's second name (a hard link)`);
    const bytes = Buffer.alloc(Math.min(found.size, most));
    const text = bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0)).toString('utf8');
    return { text, size: found.size, changed: found.mtimeMs };
  } finally {
    closeSync(file);
  }
}
