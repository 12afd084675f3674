/** Looking into a package without unpacking it, under the same rules. */
import { ArchiveError } from './archive-error.ts';
import { defaultArchiveLimits, type ArchiveLimits } from './archive-limits.ts';
import { readCentralDirectory } from './central-directory.ts';
import { isSmall, readSmallEntryData } from './entry-data.ts';
import { checkLocalHeader } from './local-header.ts';
import type { PackageEntry } from './package-entry.ts';
import { bytesOfFile, PackageSource } from './package-source.ts';

/** What the package at `descriptor` holds, in the order of its data. Throws {@link ArchiveError} for one that is refused. */
export function listPackage(descriptor: number, limits: ArchiveLimits = defaultArchiveLimits): readonly PackageEntry[] {
  const { entries } = readCentralDirectory(new PackageSource(bytesOfFile(descriptor)), limits);
  return entries.map(({ path, isDirectory, isExecutable, size, compressedSize }) => {
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
  const entry = readCentralDirectory(source, limits).entries.find((candidate) => candidate.path === name);
  if (entry === undefined || entry.isDirectory) return undefined;
  if (entry.size > maxBytes || !isSmall(entry)) {
    throw new ArchiveError('SizeLimit', `'${name}' has ${entry.size} bytes; at most ${maxBytes} are read.`);
  }
  const content: Uint8Array[] = [];
  readSmallEntryData(source, entry, checkLocalHeader(source, entry), (piece) => content.push(Buffer.from(piece)));
  return Buffer.concat(content);
}
