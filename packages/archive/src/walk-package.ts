/** One pass over a package: every rule of the reader, and nothing of where its content goes. */
import { setImmediate } from 'node:timers/promises';
import { ArchiveError } from './archive-error.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { readCentralDirectory, type CentralDirectory } from './central-directory.ts';
import { isSmall, readEntryData, readSmallEntryData, type TakePiece } from './entry-data.ts';
import { LargeFiles } from './large-files.ts';
import { checkDescriptor, checkLocalHeader } from './local-header.ts';
import type { PackageEntry } from './package-entry.ts';
import { PackageSource, type PackageBytes } from './package-source.ts';

export interface PackageReceiver {
  /** A directory that has an entry of its own. */
  directory(entry: PackageEntry): void;
  /** A file. Its content comes by calling `content`, once; what was taken is worth nothing when that throws. */
  file(entry: PackageEntry, content: (take: TakePiece) => Promise<void>): Promise<void>;
}

/** Pieces of a large file. Larger ones are faster, and more of them lie about: a package of 2 GB takes the more memory. */
const defaultPieceBytes = 128 * 1024;

export interface WalkOptions {
  /** In what pieces a large file comes, at most, in bytes. */
  readonly pieceBytes?: number;
}

/**
 * Gives each entry to the receiver: the small ones in the order of the package, the large ones in that order too, beside the
 * small ones. Throws {@link ArchiveError} for a package that is refused; then nothing is given any more.
 */
export async function walkPackage(
  bytes: PackageBytes,
  limits: ArchiveLimits,
  receiver: PackageReceiver,
  { pieceBytes = defaultPieceBytes }: WalkOptions = {},
): Promise<void> {
  const source = new PackageSource(bytes);
  const directory = readCentralDirectory(source, limits);
  const largeFiles = new LargeFiles();
  // Each side has a window of its own: neither may overwrite what the other is reading.
  let largeSource: PackageSource | undefined;
  try {
    for (let i = 0; i < directory.entries; i += 1) {
      // The large file that is on its way waits for this thread with each piece, and is the longest part of most packages.
      if (largeFiles.busy) await setImmediate();
      largeFiles.throwIfFailed();
      if (isSmall(directory.entry(i))) {
        await giveEntry(source, directory, i, receiver, pieceBytes);
        continue;
      }
      const from = (largeSource ??= new PackageSource(bytes));
      largeFiles.add((stopped) => giveEntry(from, directory, i, receiver, pieceBytes, stopped));
    }
    await largeFiles.finish();
  } finally {
    // Whoever clears away after a refusal must find nobody writing.
    await largeFiles.stop();
  }
}

async function giveEntry(
  source: PackageSource,
  directory: CentralDirectory,
  index: number,
  receiver: PackageReceiver,
  pieceBytes: number,
  stopped?: AbortSignal,
): Promise<void> {
  const entry = directory.entry(index);
  const limit = directory.limit(index);
  const data = checkLocalHeader(source, entry);
  const dataEnd = data + entry.compressedSize;
  if (dataEnd > limit) throw new ArchiveError('OverlappingEntries', `'${entry.path}' overlaps with what follows it.`);
  if (entry.isDirectory) {
    receiver.directory(entry);
    readSmallEntryData(source, entry, data, () => undefined);
  } else {
    await receiver.file(entry, (take) =>
      readEntryData(source, entry, data, pieceBytes, (piece) => {
        stopped?.throwIfAborted();
        take(piece);
      }),
    );
  }
  const entryEnd = checkDescriptor(source, entry, dataEnd, limit);
  if (entryEnd !== limit) {
    const message = `${limit - entryEnd} bytes behind '${entry.path}' belong to no entry.`;
    throw new ArchiveError('GapBetweenEntries', message);
  }
}
