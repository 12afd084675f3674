/** Files that only those reach who have them open, and that go with the last of them, however that ends (T35, T57). */
import { constants, openSync, rmSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';

/** Linux's `O_TMPFILE`, which Node does not name: the same bit, beside that of a directory, on every processor that Node runs on. */
const inDirectory = 0o20000000 | constants.O_DIRECTORY;

/**
 * Opens a fresh, empty file of mode 0600 for reading and writing, with `flags` beside that. It never has a name; only where the file system
 * makes no files without one (NFS, overlays of older kernels) it is at `path`, in place of what lies there, until this returns: who is killed
 * in that moment leaves it. Throws what the file system says.
 */
export function openNameless(path: string, flags = 0): number {
  const fresh = constants.O_RDWR | constants.O_EXCL | flags;
  try {
    // With O_EXCL it cannot be given a name later either.
    return openSync(dirname(path), inDirectory | fresh, 0o600);
  } catch {
    // File systems and filters refuse this in many words. Whatever else is wrong, a full disk say, fails and is told below.
    return openAndForget(path, fresh);
  }
}

function openAndForget(path: string, fresh: number): number {
  rmSync(path, { force: true });
  const descriptor = openSync(path, constants.O_CREAT | constants.O_NOFOLLOW | fresh, 0o600);
  unlinkSync(path);
  return descriptor;
}
