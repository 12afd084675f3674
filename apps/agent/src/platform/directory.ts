/** Directories that only their owner may change (T35, T54, T57). */
import { chmodSync, lstatSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { makeDirectories, type DurableChanges } from '@sallyport/durable-files';

/**
 * Makes a directory and gives it exactly `mode`; parents that are missing are made 0755 under any umask, since what anyone may
 * read (S4.10) lies beside what is private. Throws when what is there is not a directory of the
 * caller's (a symbolic link, say, that somebody planted): nothing is written through it.
 * What it makes is durable when it returns, or with the commit of `changes`.
 */
export function ensureDirectory(path: string, mode: number, changes?: DurableChanges): void {
  const changed = changes === undefined ? undefined : (parent: string): void => changes.changed(parent);
  makeParents(dirname(path), changed);
  makeDirectories(path, mode, changed);
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

function makeParents(parent: string, changed: ((parent: string) => void) | undefined): void {
  const first = makeDirectories(parent, 0o755, changed);
  if (first === undefined) return;
  for (let made = parent; made.length >= first.length; made = dirname(made)) chmodSync(made, 0o755);
}

function ownedByCaller(found: Stats): boolean {
  const caller = process.geteuid?.() ?? found.uid;
  return found.uid === caller || caller === 0;
}
