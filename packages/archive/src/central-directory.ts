/**
 * The central directory: the one list of what a package holds. Everything that can be refused is refused here, before a byte is
 * written. It stays in memory as the bytes it is, and an entry is read out of them whenever it is asked for: tens of thousands of
 * entries as objects take more memory than all the rest of the reader (T38).
 */
import { ArchiveError, tooManyEntries } from './archive-error.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { readDirectoryHeader } from './directory-header.ts';
import { readEndRecord, type EndRecord } from './end-record.ts';
import { NameTable } from './name-table.ts';
import { localHeaderBytes, type StoredEntry } from './package-entry.ts';
import type { PackageSource } from './package-source.ts';

export interface CentralDirectory {
  /** How many entries there are. */
  readonly entries: number;
  /** One of them, in the order of their data, from 0. */
  entry(index: number): StoredEntry;
  /** Where what belongs to it has ended: the next entry begins there, or the directory. */
  limit(index: number): number;
}

/** Reads and checks it. Memory: the directory and its names, both bounded by the limits. */
export function readCentralDirectory(source: PackageSource, limits: ArchiveLimits): CentralDirectory {
  const end = readEndRecord(source, limits.directoryBytes);
  if (end.entries > limits.entries) throw tooManyEntries(limits.entries);
  const bytes = source.copy(end.directoryOffset, end.directoryBytes);
  const { headers, offsets } = readHeaders(bytes, end, source.length, limits);
  const directory: CentralDirectory = {
    entries: end.entries,
    entry: (index) => readDirectoryHeader(bytes, headers[index] ?? Number.NaN, limits).entry,
    limit: (index) => offsets[index + 1] ?? end.directoryOffset,
  };
  checkLayout(directory, end.directoryOffset);
  return directory;
}

interface Headers {
  /** Where in the directory the header of each entry begins, in the order of their data. */
  readonly headers: Uint32Array;
  /** Where in the package their data begins, in that order. */
  readonly offsets: Float64Array;
}

function readHeaders(bytes: Buffer, end: EndRecord, packageBytes: number, limits: ArchiveLimits): Headers {
  const names = new NameTable(limits.entries);
  const found = new Uint32Array(end.entries);
  // Offset and place in one number: sorted natively, and the end record cannot count further than 16 bits.
  const order = new Float64Array(end.entries);
  let count = 0;
  let total = 0;
  for (let at = 0; at < bytes.length; count += 1) {
    if (count === end.entries) throw miscounted(end.entries, 'more');
    const { entry, next } = readDirectoryHeader(bytes, at, limits);
    names.add(entry.path, entry.isDirectory);
    found[count] = at;
    order[count] = entry.offset * 0x10000 + count;
    total += entry.size;
    at = next;
  }
  if (count !== end.entries) throw miscounted(end.entries, String(count));
  checkSizes(total, packageBytes, limits);
  order.sort();
  return {
    headers: Uint32Array.from(order, (place) => found[place % 0x10000] ?? Number.NaN),
    offsets: order.map((place) => Math.floor(place / 0x10000)),
  };
}

function checkSizes(total: number, packageBytes: number, limits: ArchiveLimits): void {
  if (total > limits.totalBytes) {
    throw new ArchiveError('SizeLimit', `The package unpacks to ${total} bytes; ${limits.totalBytes} are allowed.`);
  }
  if (total > limits.ratioFreeBytes + limits.ratio * packageBytes) {
    throw new ArchiveError('RatioLimit', `The package of ${packageBytes} bytes would unpack to ${total}.`);
  }
}

/** What is certain before the local headers are read: the least room each entry needs must be there. */
function checkLayout(directory: CentralDirectory, directoryOffset: number): void {
  if (directory.entries === 0 && directoryOffset !== 0) {
    throw new ArchiveError('LeadingData', 'The package has no entries and yet has content.');
  }
  for (let i = 0; i < directory.entries; i += 1) {
    const entry = directory.entry(i);
    if (i === 0 && entry.offset !== 0) {
      throw new ArchiveError('LeadingData', `The first entry begins at byte ${entry.offset}; something precedes it.`);
    }
    if (entry.offset + localHeaderBytes + entry.rawName.length + entry.compressedSize > directory.limit(i)) {
      throw new ArchiveError('OverlappingEntries', `'${entry.path}' overlaps with what follows it.`);
    }
  }
}

function miscounted(announced: number, found: string): ArchiveError {
  const counts = `${announced} entries announced, ${found} found`;
  return new ArchiveError('DirectoryMalformed', `The directory of the package is inconsistent: ${counts}.`);
}
