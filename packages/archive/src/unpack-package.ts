/** Unpacking: one descriptor, one pass, bounded memory, into a private directory (T32–T40). */
import { chmodSync, closeSync, constants, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { defaultArchiveLimits, type ArchiveLimits } from './archive-limits.ts';
import type { TakePiece } from './entry-data.ts';
import { bytesOfFile } from './package-source.ts';
import { checkStagingDirectory } from './staging-directory.ts';
import { walkPackage } from './walk-package.ts';

export interface UnpackSummary {
  /** Number of files. */
  readonly files: number;
  /** Number of directories, implied ones included. */
  readonly directories: number;
  /** Bytes of all files. */
  readonly bytes: number;
}

export interface UnpackOptions {
  readonly limits?: ArchiveLimits;
  /** Told of each file, by its path relative to the directory, when it has been unpacked. Not kept here: there may be many. */
  readonly onFile?: (path: string) => void;
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
  { limits = defaultArchiveLimits, onFile }: UnpackOptions = {},
): Promise<UnpackSummary> {
  checkStagingDirectory(directory);
  const made = new Set<string>([directory]);
  let files = 0;
  let bytes = 0;
  await walkPackage(bytesOfFile(descriptor), limits, {
    directory: ({ path }) => makeDirectories(join(directory, path), made),
    async file({ path, isExecutable, size }, content) {
      const place = join(directory, path);
      makeDirectories(dirname(place), made);
      await writeFile(place, isExecutable ? 0o755 : 0o744, content);
      files += 1;
      onFile?.(path);
      bytes += size;
    },
  });
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

async function writeFile(path: string, mode: number, content: (take: TakePiece) => Promise<void>): Promise<void> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = openSync(path, flags, mode);
  try {
    // Not fchmod: Node's permission model forbids it. The path was made a moment ago in a private directory.
    if ((fstatSync(file).mode & 0o777) !== mode) chmodSync(path, mode);
    await content((piece) => writeFully(file, piece));
  } finally {
    closeSync(file);
  }
}

function writeFully(file: number, bytes: Uint8Array): void {
  let written = 0;
  while (written < bytes.length) written += writeSync(file, bytes, written);
}
