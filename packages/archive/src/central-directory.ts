/** The central directory: the one list of what a package holds. Everything that can be refused is refused here, before a byte is written. */
import { ArchiveError } from './archive-error.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { readEndRecord } from './end-record.ts';
import { checkAttributes } from './entry-attributes.ts';
import { parseEntryName } from './entry-name.ts';
import { checkExtraFields } from './extra-fields.ts';
import { NameTable } from './name-table.ts';
import { localHeaderBytes, type StoredEntry } from './package-entry.ts';
import type { PackageSource } from './package-source.ts';

export interface CentralDirectory {
  /** In the order of their data. */
  readonly entries: readonly StoredEntry[];
  /** Where it begins: the data of all entries ends there. */
  readonly offset: number;
}

const signature = 0x02014b50;
const headerBytes = 46;

/** Reads and checks it. Memory: the directory (bounded by the limits) and its entries. */
export function readCentralDirectory(source: PackageSource, limits: ArchiveLimits): CentralDirectory {
  const end = readEndRecord(source, limits.directoryBytes);
  const bytes = source.copy(end.directoryOffset, end.directoryBytes);
  const names = new NameTable(limits.entries);
  const entries: StoredEntry[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { entry, next } = readHeader(bytes, at, limits);
    names.add({ path: entry.path, parts: entry.path.split('/'), isDirectory: entry.isDirectory });
    entries.push(entry);
    at = next;
  }
  if (entries.length !== end.entries) {
    const counts = `${end.entries} entries announced, ${entries.length} found`;
    throw new ArchiveError('DirectoryMalformed', `The directory of the package is inconsistent: ${counts}.`);
  }
  checkSizes(entries, source.length, limits);
  entries.sort((a, b) => a.offset - b.offset);
  checkLayout(entries, end.directoryOffset);
  return { entries, offset: end.directoryOffset };
}

function readHeader(
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

function checkSizes(entries: readonly StoredEntry[], packageBytes: number, limits: ArchiveLimits): void {
  let total = 0;
  for (const entry of entries) total += entry.size;
  if (total > limits.totalBytes) {
    throw new ArchiveError('SizeLimit', `The package unpacks to ${total} bytes; ${limits.totalBytes} are allowed.`);
  }
  if (total > limits.ratioFreeBytes + limits.ratio * packageBytes) {
    throw new ArchiveError('RatioLimit', `The package of ${packageBytes} bytes would unpack to ${total}.`);
  }
}

/** What is certain before the local headers are read: the least room each entry needs must be there. */
function checkLayout(entries: readonly StoredEntry[], directoryOffset: number): void {
  const first = entries[0];
  if (first !== undefined && first.offset !== 0) {
    throw new ArchiveError('LeadingData', `The first entry begins at byte ${first.offset}; something precedes it.`);
  }
  entries.forEach((entry, i) => {
    const limit = entries[i + 1]?.offset ?? directoryOffset;
    if (entry.offset + localHeaderBytes + entry.rawName.length + entry.compressedSize > limit) {
      throw new ArchiveError('OverlappingEntries', `'${entry.path}' overlaps with what follows it.`);
    }
  });
  if (first === undefined && directoryOffset !== 0) {
    throw new ArchiveError('LeadingData', 'The package has no entries and yet has content.');
  }
}

function malformed(at: number): ArchiveError {
  return new ArchiveError('DirectoryMalformed', `The directory of the package cannot be read at its byte ${at}.`);
}
