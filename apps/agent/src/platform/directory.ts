/** Directories that only their owner may change (T35, T54, T57). */
import { chmodSync, lstatSync, mkdirSync, type Stats } from 'node:fs';

/**
 * Makes a directory, parents included, and gives it exactly `mode`. Throws when what is there is not a directory of the
 * caller's (a symbolic link, say, that somebody planted): nothing is written through it.
 */
export function ensureDirectory(path: string, mode: number): void {
  mkdirSync(path, { recursive: true, mode });
  const found = lstatSync(path);
  if (!found.isDirectory()) {
    throw new Error(`${path} is not a directory but something else: move it away, then try again.`);
  }
  if (!ownedByCaller(found)) {
    throw new Error(`${path} belongs to user ${found.uid}: give it to the user that runs the agent, then try again.`);
  }
  // The mode of mkdir() is cut by the umask and does not apply to a directory that was there.
  if ((found.mode & 0o7777) !== mode) chmodSync(path, mode);
}

function ownedByCaller(found: Stats): boolean {
  const caller = process.geteuid?.() ?? found.uid;
  return found.uid === caller || caller === 0;
}
