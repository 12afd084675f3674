/** One pass over a package: every rule of the reader, and nothing of where its content goes. */
import { ArchiveError } from './archive-error.ts';
import type { ArchiveLimits } from './archive-limits.ts';
import { readCentralDirectory } from './central-directory.ts';
import { readEntryData, readSmallEntryData, type TakePiece } from './entry-data.ts';
import { checkDescriptor, checkLocalHeader } from './local-header.ts';
import type { PackageEntry } from './package-entry.ts';
import { PackageSource, type PackageBytes } from './package-source.ts';

export interface PackageReceiver {
  /** A directory that has an entry of its own. */
  directory(entry: PackageEntry): void;
  /** A file. Its content comes by calling `content`, once; what was taken is worth nothing when that throws. */
  file(entry: PackageEntry, content: (take: TakePiece) => Promise<void>): Promise<void>;
}

/** Gives each entry to the receiver, in the order of the package. Throws {@link ArchiveError} for a package that is refused. */
export async function walkPackage(
  bytes: PackageBytes,
  limits: ArchiveLimits,
  receiver: PackageReceiver,
): Promise<void> {
  const source = new PackageSource(bytes);
  const { entries, offset: end } = readCentralDirectory(source, limits);
  for (const [i, entry] of entries.entries()) {
    const limit = entries[i + 1]?.offset ?? end;
    const data = checkLocalHeader(source, entry);
    const dataEnd = data + entry.compressedSize;
    if (dataEnd > limit) throw new ArchiveError('OverlappingEntries', `'${entry.path}' overlaps with what follows it.`);
    if (entry.isDirectory) {
      receiver.directory(entry);
      readSmallEntryData(source, entry, data, () => undefined);
    } else {
      await receiver.file(entry, (take) => readEntryData(source, entry, data, take));
    }
    const entryEnd = checkDescriptor(source, entry, dataEnd, limit);
    if (entryEnd !== limit) {
      const message = `${limit - entryEnd} bytes behind '${entry.path}' belong to no entry.`;
      throw new ArchiveError('GapBetweenEntries', message);
    }
  }
}
