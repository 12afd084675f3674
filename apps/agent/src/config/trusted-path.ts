/** Whether only the administrator can have written a file: its owner, its mode and every directory above it (T54, T57). */
import { lstatSync, realpathSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '@sallyport/model';
import { isMissing } from '@sallyport/durable-files';
import { administratorOf, isAdministrator, type Environment } from '../platform/environment.ts';

/** What is wrong with a file that was opened, as a sentence; undefined when nothing is. */
export function distrustOfFile(environment: Environment, path: string, stats: Stats): string | undefined {
  if (!stats.isFile()) return `${path} is not a regular file; remove it, then run: azcmagent config restore`;
  return distrustOfOwner(environment, path, stats) ?? distrustOfMode(path, stats, '644');
}

/**
 * What is wrong with the directories above a path, as a sentence. Those that exist are checked, up to `/`, along the names
 * in the path and along where they lead. Above the environment's root a sticky directory such as `/tmp` is accepted: others
 * can add to it and cannot replace what is there.
 */
export function distrustOfDirectories(environment: Environment, path: string): string | undefined {
  const checked = new Set<string>();
  for (const chain of [path, resolved(path)]) {
    for (let directory = dirname(chain); ; directory = dirname(directory)) {
      if (!checked.has(directory)) {
        const distrust = distrustOfDirectory(environment, directory);
        if (distrust !== undefined) return distrust;
        checked.add(directory);
      }
      if (directory === dirname(directory)) break;
    }
  }
  return undefined;
}

function distrustOfDirectory(environment: Environment, directory: string): string | undefined {
  let stats: Stats;
  try {
    stats = lstatSync(directory);
  } catch (error) {
    // What this user may not look into, this user cannot open either: opening says so.
    const closed = error instanceof Error && 'code' in error && error.code === 'EACCES';
    if (isMissing(error) || (closed && !isAdministrator(environment))) return undefined;
    return `${directory} cannot be examined (${messageOf(error)})`;
  }
  const distrust = distrustOfOwner(environment, directory, stats);
  // The mode of a symbolic link means nothing; where it leads is on the other chain.
  if (distrust !== undefined || stats.isSymbolicLink()) return distrust;
  if (!stats.isDirectory()) return `${directory} is not a directory`;
  const sticky = (stats.mode & 0o1000) !== 0;
  return sticky && isAboveRoot(environment, directory) ? undefined : distrustOfMode(directory, stats, 'go-w');
}

function distrustOfOwner(environment: Environment, path: string, { uid }: Stats): string | undefined {
  if (uid === 0) return undefined;
  const administrator = administratorOf(environment);
  if (uid === administrator) return undefined;
  return `${path} belongs to user ${uid}, not to the administrator; correct it with: chown ${administrator} ${path}`;
}

function distrustOfMode(path: string, { mode }: Stats, right: string): string | undefined {
  if ((mode & 0o022) === 0) return undefined;
  const octal = (mode & 0o7777).toString(8);
  return `${path} may be written by users other than its owner (mode ${octal}); make sure that nobody did, then run: chmod ${right} ${path}`;
}

/** Strictly above it: the root itself belongs to the machine. `directory` is real or as written, and so may the root be. */
function isAboveRoot({ root }: Environment, directory: string): boolean {
  const prefix = directory === '/' ? '/' : `${directory}/`;
  return [root, resolved(root)].some((path) => path !== directory && path.startsWith(prefix));
}

/** Where the existing part of a path leads. */
function resolved(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (error) {
    if (!isMissing(error) || path === '/') return path;
    return `${resolved(dirname(path))}/${path.slice(path.lastIndexOf('/') + 1)}`.replace('//', '/');
  }
}
