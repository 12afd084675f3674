/** Where a package is unpacked: a directory that nobody else can have put anything into (T35). */
import { lstatSync, readdirSync } from 'node:fs';
import { ArchiveError } from './archive-error.ts';

/** Checks that it is a real directory of this user, closed to all others, and empty. */
export function checkStagingDirectory(directory: string): void {
  const refuse = (reason: string): ArchiveError =>
    new ArchiveError('StagingUnsafe', `The directory '${directory}' ${reason}.`);
  const found = lstatSync(directory, { throwIfNoEntry: false });
  if (found === undefined) throw refuse('does not exist');
  if (!found.isDirectory()) throw refuse('is not a directory');
  if (process.geteuid !== undefined && found.uid !== process.geteuid()) throw refuse('belongs to another user');
  if ((found.mode & 0o077) !== 0) throw refuse('is open to other users; its mode must be 0700');
  if (readdirSync(directory).length > 0) throw refuse('is not empty');
}
