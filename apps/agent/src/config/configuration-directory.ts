/** The directory of the configuration: made when it is missing, swept of what a crash left behind. */
import { chmodSync, chownSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeDirectories } from '@sallyport/durable-files';
import { administratorOf, type Environment } from '../platform/environment.ts';

/**
 * Creates the directories that are missing, 0755 under any umask, owned by the administrator. One that is there and closed to
 * others is opened for reading: anyone may see what is in force (S4.10), and what is secret in it has its own mode.
 */
export function makeDirectory(environment: Environment, directory: string): void {
  const administrator = administratorOf(environment);
  const first = makeDirectories(directory, 0o755);
  if (first === undefined) {
    const { mode } = statSync(directory);
    if ((mode & 0o055) !== 0o055) chmodSync(directory, (mode & 0o7777) | 0o055);
    return;
  }
  for (let made = directory; made.length >= first.length; made = dirname(made)) {
    chmodSync(made, 0o755);
    giveToAdministrator(environment, made, administrator);
  }
}

/** Root working under a moved root leaves everything to the owner of that root. */
export function giveToAdministrator(
  environment: Environment,
  path: string,
  administrator = administratorOf(environment),
): void {
  if (environment.uid === 0 && administrator !== 0) chownSync(path, administrator, -1);
}

/** Removes new files that a killed writer did not rename. Call it under the lock: then no writer is alive. */
export function sweep(path: string): void {
  for (const name of [basename(path), `${basename(path)}.last-good`]) {
    rmSync(join(dirname(path), `.${name}.new`), { force: true });
  }
}
