/** Unpacking: one descriptor, one pass, bounded memory, into a private directory (T32–T40). */
import { chmodSync, closeSync, constants, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ArchiveError } from './archive-error.ts';
import { defaultArchiveLimits, type ArchiveLimits } from './archive-limits.ts';
import { readCentralDirectory } from './central-directory.ts';
import { readEntryData, readSmallEntryData } from './entry-data.ts';
import { checkDescriptor, checkLocalHeader } from './local-header.ts';
import type { StoredEntry } from './package-entry.ts';
import { PackageSource } from './package-source.ts';
import { checkStagingDirectory } from './staging-directory.ts';

export interface UnpackSummary {
  /** Paths of the files, relative to the directory, in the order of the package. */
  readonly files: readonly string[];
  /** Number of directories, implied ones included. */
  readonly directories: number;
  /** Bytes of all files. */
  readonly bytes: number;
}

/**
 * Unpacks the package open at `descriptor` into `directory`, which must exist, be empty, and be private to this user (0700).
 * Directories get 0755. Files get 0755 when the packer had them executable and 0744 otherwise: the handler contract wants
 * every file executable by its owner (§1). Owners, times, links and special bits of the archive are not restored.
 *
 * Throws {@link ArchiveError} for a package that is refused, and what the file system says otherwise. In both cases what was
 * unpacked so far lies in `directory`: **the caller deletes the directory**, and makes it visible by renaming it only after
 * success, so that no half of a package is ever seen. Durability is the caller's too; see {@link syncTree}.
 *
 * Needs only the right to read the descriptor and to write below `directory`, so it runs under Node's permission model.
 */
export async function unpackPackage(
  descriptor: number,
  directory: string,
  limits: ArchiveLimits = defaultArchiveLimits,
): Promise<UnpackSummary> {
  checkStagingDirectory(directory);
  const source = new PackageSource(descriptor);
  const { entries, offset: end } = readCentralDirectory(source, limits);
  const made = new Set<string>([directory]);
  const files: string[] = [];
  let bytes = 0;
  let expected = 0;
  for (const [i, entry] of entries.entries()) {
    const limit = entries[i + 1]?.offset ?? end;
    const data = checkLocalHeader(source, entry);
    const dataEnd = data + entry.compressedSize;
    if (dataEnd > limit) throw new ArchiveError('OverlappingEntries', `'${entry.path}' overlaps with what follows it.`);
    const path = join(directory, entry.path);
    if (entry.isDirectory) {
      makeDirectories(path, made);
      readSmallEntryData(source, entry, data, () => undefined);
    } else {
      makeDirectories(dirname(path), made);
      await writeFile(source, entry, data, path);
      files.push(entry.path);
      bytes += entry.size;
    }
    expected = checkDescriptor(source, entry, dataEnd, limit);
    if (expected !== limit) {
      throw new ArchiveError(
        'GapBetweenEntries',
        `${limit - expected} bytes behind '${entry.path}' belong to no entry.`,
      );
    }
  }
  return { files, directories: made.size - 1, bytes };
}

/** Makes a directory and those above it, each once. Every one is fresh: nothing was there, so nothing is followed. */
function makeDirectories(path: string, made: Set<string>): void {
  if (made.has(path)) return;
  makeDirectories(dirname(path), made);
  mkdirSync(path, 0o755);
  // The umask may have taken bits away.
  chmodSync(path, 0o755);
  made.add(path);
}

async function writeFile(source: PackageSource, entry: StoredEntry, data: number, path: string): Promise<void> {
  const mode = entry.isExecutable ? 0o755 : 0o744;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(path, flags, mode);
  try {
    // Not fchmod: Node's permission model forbids it. The path was made a moment ago in a private directory.
    if ((fstatSync(file).mode & 0o777) !== mode) chmodSync(path, mode);
    await readEntryData(source, entry, data, (piece) => writeFully(file, piece));
  } finally {
    closeSync(file);
  }
}

function writeFully(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}
