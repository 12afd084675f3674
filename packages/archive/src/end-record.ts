/** The end record: the last 22 bytes, and nothing else may be one (T39). */
import { ArchiveError } from './archive-error.ts';
import type { PackageSource } from './package-source.ts';

export interface EndRecord {
  readonly entries: number;
  readonly directoryOffset: number;
  readonly directoryBytes: number;
}

const size = 22;
const signature = Buffer.from('504b0506', 'hex');
const zip64Locator = Buffer.from('504b0607', 'hex');

/** Reads it. The directory ends exactly where it begins; there is no comment, no second disk, no 64-bit format. */
export function readEndRecord(source: PackageSource, directoryLimit: number): EndRecord {
  const at = source.length - size;
  if (at < 0)
    throw new ArchiveError('NotAnArchive', `The package has ${source.length} bytes and cannot be a ZIP archive.`);
  const record = Buffer.from(source.view(at, size));
  if (record.indexOf(signature) !== 0) throw refuseTail(source);
  if (record.indexOf(signature, 4) >= 0) {
    throw new ArchiveError('SecondEndRecord', 'The end record of the package holds a second one.');
  }
  const commentLength = record.readUInt16LE(20);
  if (commentLength !== 0) {
    throw new ArchiveError('NotAnArchive', `The end record announces ${commentLength} more bytes, which are missing.`);
  }
  const entries = record.readUInt16LE(10);
  const directoryBytes = record.readUInt32LE(12);
  const directoryOffset = record.readUInt32LE(16);
  if (entries === 0xffff || directoryBytes === 0xffffffff || directoryOffset === 0xffffffff) throw zip64();
  if (at >= 20 && source.view(at - 20, 4).equals(zip64Locator)) throw zip64();
  if (record.readUInt16LE(4) !== 0 || record.readUInt16LE(6) !== 0 || record.readUInt16LE(8) !== entries) {
    throw new ArchiveError('MultiDisk', 'The package is a part of an archive that spans several disks.');
  }
  const directoryEnd = directoryOffset + directoryBytes;
  if (directoryEnd !== at) {
    if (directoryEnd + size <= at && source.view(directoryEnd, 4).equals(signature)) {
      throw new ArchiveError(
        'SecondEndRecord',
        `The package has an end record at byte ${directoryEnd} and another at ${at}.`,
      );
    }
    throw new ArchiveError(
      'DirectoryMisplaced',
      `The directory should end at byte ${at}, where the end record begins, but is said to end at ${directoryEnd}.`,
    );
  }
  if (directoryBytes > directoryLimit) {
    throw new ArchiveError('EntryLimit', `The directory has ${directoryBytes} bytes; ${directoryLimit} are allowed.`);
  }
  return { entries, directoryOffset, directoryBytes };
}

/** Tells an archive with something behind it from something that is no archive. */
function refuseTail(source: PackageSource): ArchiveError {
  const length = Math.min(source.length, 0xffff + size);
  const tail = source.view(source.length - length, length);
  return tail.lastIndexOf(signature) >= 0
    ? new ArchiveError('TrailingData', 'Something follows the end record of the package.')
    : new ArchiveError('NotAnArchive', 'The package has no end record: it is not a ZIP archive, or it is cut off.');
}

function zip64(): ArchiveError {
  return new ArchiveError('Zip64', 'The package uses the 64-bit ZIP format; write it without.');
}
