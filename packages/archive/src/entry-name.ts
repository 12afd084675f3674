/** Names of entries: relative, forward slashes, no part that a file system could read as anything else (T32). */
import { ArchiveError, type ArchiveErrorCode } from './archive-error.ts';
import type { ArchiveLimits } from './archive-limits.ts';

export interface EntryName {
  /** Without the trailing slash of a directory. */
  readonly path: string;
  readonly isDirectory: boolean;
}

/** Reads a name. `isUtf8` is the header's flag; without it a name must be plain ASCII. */
export function parseEntryName(bytes: Buffer, isUtf8: boolean, limits: ArchiveLimits): EntryName {
  const text = decode(bytes, isUtf8);
  const refuse = (code: ArchiveErrorCode, reason: string): ArchiveError =>
    new ArchiveError(code, `The name ${JSON.stringify(text.slice(0, 200))} ${reason}.`);
  if (text === '') throw refuse('NameEmpty', 'is empty');
  if (bytes.length > limits.nameBytes) throw refuse('NameTooLong', `is longer than ${limits.nameBytes} bytes`);
  if (/[\u0000-\u001f\u007f-\u009f]/.test(text)) throw refuse('NameControl', 'holds a control character');
  if (text.includes('\\')) throw refuse('NameBackslash', 'holds a backslash');
  if (text.startsWith('/') || /^[A-Za-z]:/.test(text)) throw refuse('NameAbsolute', 'is absolute');
  const isDirectory = text.endsWith('/');
  const path = isDirectory ? text.slice(0, -1) : text;
  const parts = path.split('/');
  for (const part of parts) {
    if (part === '') throw refuse('NameEmpty', 'has an empty part');
    if (part === '.' || part === '..') throw refuse('NameTraversal', `has the part '${part}'`);
    if (/[. ]$/.test(part)) throw refuse('NameTrailing', 'has a part that ends with a dot or a blank');
    if (part.length > 63 && Buffer.byteLength(part) > 255)
      throw refuse('NameTooLong', 'has a part longer than 255 bytes');
  }
  if (parts.length > limits.depth) throw refuse('DepthLimit', `is nested deeper than ${limits.depth} levels`);
  return { path, isDirectory };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function decode(bytes: Buffer, isUtf8: boolean): string {
  if (!isUtf8) {
    const text = bytes.toString('latin1');
    if (/[^\u0000-\u007f]/.test(text)) {
      throw new ArchiveError('NameEncoding', `The name '${text}' is neither ASCII nor marked as UTF-8.`);
    }
    return text;
  }
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new ArchiveError('NameEncoding', `The name '${bytes.toString('latin1')}' is not valid UTF-8.`, {
      cause: error,
    });
  }
}
