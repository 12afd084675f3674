/** One header of the central directory: everything that can be refused of a single entry is refused here (T32–T40). */
import { ArchiveError } from './archive-error.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { checkAttributes } from './entry-attributes.ts';
import { parseEntryName } from './entry-name.ts';
import { checkExtraFields } from './extra-fields.ts';
import type { StoredEntry } from './package-entry.ts';

const signature = 0x02014b50;
const headerBytes = 46;

/** Reads the header at `at` of the directory's bytes; gives the entry and where the next header begins. */
export function readDirectoryHeader(
  bytes: Buffer,
  at: number,
  limits: ArchiveLimits,
): { readonly entry: StoredEntry; readonly next: number } {
  if (at + headerBytes > bytes.length || bytes.readUInt32LE(at) !== signature) throw malformed(at);
  const nameEnd = at + headerBytes + bytes.readUInt16LE(at + 28);
  const extraEnd = nameEnd + bytes.readUInt16LE(at + 30);
  const next = extraEnd + bytes.readUInt16LE(at + 32);
  if (next > bytes.length) throw malformed(at);
  const rawName = bytes.subarray(at + headerBytes, nameEnd);
  const flags = bytes.readUInt16LE(at + 8);
  const { path, isDirectory } = parseEntryName(rawName, (flags & 0x0800) !== 0, limits);
  checkFlags(flags, path);
  if ((bytes.readUInt16LE(at + 6) & 0xff) > 45) {
    throw new ArchiveError('UnsupportedFeature', `'${path}' needs a newer version of the ZIP format.`);
  }
  checkExtraFields(bytes.subarray(nameEnd, extraEnd), path);
  const compressedSize = bytes.readUInt32LE(at + 20);
  const size = bytes.readUInt32LE(at + 24);
  const offset = bytes.readUInt32LE(at + 42);
  if (compressedSize === 0xffffffff || size === 0xffffffff || offset === 0xffffffff) {
    throw new ArchiveError('Zip64', `'${path}' has a size in the 64-bit format.`);
  }
  if (bytes.readUInt16LE(at + 34) !== 0) throw new ArchiveError('MultiDisk', `'${path}' is on another disk.`);
  const method = methodOf(bytes.readUInt16LE(at + 10), path);
  const { isExecutable } = checkAttributes(bytes.readUInt32LE(at + 38), path, isDirectory);
  // Some packers deflate the nothing of a directory into two bytes.
  if (isDirectory && (size !== 0 || compressedSize > 2)) {
    throw new ArchiveError('DirectoryWithData', `The directory '${path}' has content.`);
  }
  if (method === 'stored' && size !== compressedSize) {
    throw new ArchiveError('SizeMismatch', `'${path}' is not compressed and yet has two sizes.`);
  }
  const checksum = bytes.readUInt32LE(at + 16);
  const entry = { path, isDirectory, isExecutable, size, compressedSize, rawName, method, flags, checksum, offset };
  return { entry, next };
}

/** Bits 1 and 2 are notes about compression, 3 is the data descriptor, 11 says UTF-8. Nothing else occurs in packages. */
function checkFlags(flags: number, path: string): void {
  if ((flags & 0x2041) !== 0) throw new ArchiveError('Encrypted', `'${path}' is encrypted.`);
  if ((flags & ~0x080e) !== 0) throw new ArchiveError('UnsupportedFeature', `'${path}' has unknown flags.`);
}

function methodOf(method: number, path: string): StoredEntry['method'] {
  if (method === 0) return 'stored';
  if (method === 8) return 'deflated';
  throw new ArchiveError(
    'UnsupportedMethod',
    `'${path}' is compressed by method ${method}; only none and deflate are known.`,
  );
}

function malformed(at: number): ArchiveError {
  return new ArchiveError('DirectoryMalformed', `The directory of the package cannot be read at its byte ${at}.`);
}
