/** Takes a file of one version over to another. Extensions write these files: a link is not followed, a pipe not waited for (T57). */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { isMissing, writeDurably } from '@sallyport/durable-files';

/** Far more than any `mrseq` or status file has. */
const mostBytes = 16 * 1024 * 1024;

/** Durable when it returns: what is lost of it would be done twice (T84). False when there is no such file to take. */
export function carryFile(from: string, to: string): boolean {
  let file: number;
  try {
    file = openSync(from, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (isMissing(error) || isLink(error)) return false;
    throw error;
  }
  try {
    const found = fstatSync(file);
    if (!found.isFile() || found.size > mostBytes) return false;
    const bytes = Buffer.alloc(found.size);
    const length = readSync(file, bytes, 0, bytes.length, 0);
    writeDurably(to, bytes.subarray(0, length), found.mode & 0o777);
    return true;
  } finally {
    closeSync(file);
  }
}

function isLink(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ELOOP' || error.code === 'ENXIO');
}
