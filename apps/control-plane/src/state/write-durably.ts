/** Files of the state directory are the old one or the new one, never half of each (T84). */
import { closeSync, constants, fchmodSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Replaces a file: new one beside it, fsync, rename, fsync of the directory. `mode` is exact. */
export function writeDurably(path: string, content: string, mode: number): void {
  const fresh = `${path}.new`;
  // Left by a process that was killed here; two control planes never share a directory.
  rmSync(fresh, { force: true });
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  const file = openSync(fresh, flags, mode);
  try {
    fchmodSync(file, mode);
    const bytes = Buffer.from(content);
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(fresh, path);
  const directory = openSync(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(directory);
  } finally {
    closeSync(directory);
  }
}
