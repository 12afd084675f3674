/** Looking into a package without unpacking it, under the same rules. */
import { ArchiveError } from './archive-error.ts';
import { defaultArchiveLimits, type ArchiveLimits } from './archive-limits.ts';
import { readCentralDirectory, type CentralDirectory } from './central-directory.ts';
import { isSmall, readSmallEntryData } from './entry-data.ts';
import { checkLocalHeader } from './local-header.ts';
import type { PackageEntry, StoredEntry } from './package-entry.ts';
import { bytesOfFile, PackageSource } from './package-source.ts';

/** What the package at `descriptor` holds, in the order of its data. Throws {@link ArchiveError} for one that is refused. */
export function listPackage(descriptor: number, limits: ArchiveLimits = defaultArchiveLimits): readonly PackageEntry[] {
  const directory = readCentralDirectory(new PackageSource(bytesOfFile(descriptor)), limits);
  return Array.from({ length: directory.entries }, (_, index) => {
    const { path, isDirectory, isExecutable, size, compressedSize } = directory.entry(index);
    return { path, isDirectory, isExecutable, size, compressedSize };
  });
}

/**
 * The content of one file of the package; undefined when there is none of that name. `maxBytes` (at most 1 MiB counts) limits
 * it. Throws {@link ArchiveError} `SizeLimit` for a larger one, and the usual refusals. Nothing is written.
 */
export function readPackageEntry(
  descriptor: number,
  name: string,
  maxBytes: number,
  limits: ArchiveLimits = defaultArchiveLimits,
): Buffer | undefined {
  const source = new PackageSource(bytesOfFile(descriptor));
  const entry = find(readCentralDirectory(source, limits), name);
  if (entry === undefined || entry.isDirectory) return undefined;
  if (entry.size > maxBytes || !isSmall(entry)) {
    throw new ArchiveError('SizeLimit', `'${name}' has ${entry.size} bytes; at most ${maxBytes} are read.`);
  }
  const content: Uint8Array[] = [];
  readSmallEntryData(source, entry, checkLocalHeader(source, entry), (piece) => content.push(Buffer.from(piece)));
  return Buffer.concat(content);
}

function find(directory: CentralDirectory, path: string): StoredEntry | undefined {
  for (let i = 0; i < directory.entries; i += 1) {
    const entry = directory.entry(i);
    if (entry.path === path) return entry;
  }
  return undefined;
}
