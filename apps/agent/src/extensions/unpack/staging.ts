/** Private directories and files for a package on its way, with names that nobody can guess beforehand (T35). */
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { handlerDirectoryName } from '@sallyport/handler-contract';
import { handlerName, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { ensureDirectory } from '../../platform/directory.ts';
import type { Environment } from '../../platform/environment.ts';
import { openNameless } from '../../platform/nameless-file.ts';
import { isMissing, syncDirectory } from '@sallyport/durable-files';
import type { AgentPaths } from '../../platform/paths.ts';

/** Names begin like this, so that what a crash left behind is recognised. No handler's directory begins with a dot. */
const stagingPrefix = '.staging-';
const discardPrefix = '.discard-';
/** Not swept: it has a record. */
const keptPrefix = '.kept-';

/** A fresh, empty file for a package, which only the processes reach that have the descriptor, in a directory of 0700. */
export function openDownload(paths: AgentPaths, environment: Environment): number {
  ensureDirectory(paths.guestConfig, 0o755);
  ensureDirectory(paths.downloads, 0o700);
  return openNameless(join(paths.downloads, `${environment.guid()}.zip`));
}

/** A name for a private directory on the file system where handlers live, so that a rename puts it in place. */
export function stagingPath(paths: AgentPaths, environment: Environment): string {
  return join(paths.handlers, `${stagingPrefix}${environment.guid()}`);
}

/** Makes it: fresh, empty, 0700. */
export function makeStaging(paths: AgentPaths, directory: string): void {
  ensureDirectory(paths.handlers, 0o700);
  mkdirSync(directory, { mode: 0o700 });
}

/** Where the tree of a version waits until the one after it has proven itself. On the same file system, so that a rename does it. */
export function keptTree(paths: AgentPaths, name: ExtensionName, version: HandlerVersion): string {
  return join(paths.handlers, `${keptPrefix}${handlerDirectoryName(handlerName(name), version)}`);
}

/** Takes a tree out of sight in one step, then deletes it. A tree that is not there is no error. */
export function discardTree(paths: AgentPaths, environment: Environment, directory: string): void {
  const aside = join(paths.handlers, `${discardPrefix}${environment.guid()}`);
  try {
    renameSync(directory, aside);
  } catch (error) {
    if (isMissing(error)) return;
    throw error;
  }
  syncDirectory(paths.handlers);
  rmSync(aside, { recursive: true, force: true });
}

/** Removes what an agent that was killed left behind. Nothing else may be at work on this root. */
export function sweepLeftovers(paths: AgentPaths): void {
  for (const name of namesIn(paths.handlers)) {
    if (name.startsWith(stagingPrefix) || name.startsWith(discardPrefix)) {
      rmSync(join(paths.handlers, name), { recursive: true, force: true });
    }
  }
  for (const name of namesIn(paths.downloads)) rmSync(join(paths.downloads, name), { recursive: true, force: true });
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
