/**
 * Makes a directory and the parents it lacks, without end conditions that never come: Node's own recursive `mkdir` tries for
 * ever where a parent exists but nothing can be made in it (below /proc, say), and a program that hangs has no sentence to tell.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isMissing, syncDirectory } from './durable-file.ts';

/**
 * Returns the first directory it had to make, or undefined when all were there. Throws what the file system says. Each is durable when it
 * returns, unless `changed` looks after that: it is told of each directory in which one was made.
 */
export function makeDirectories(
  path: string,
  mode: number,
  changed: (parent: string) => void = syncDirectory,
): string | undefined {
  const missing: string[] = [];
  let existing = resolve(path);
  while (!isDirectory(existing)) {
    missing.unshift(existing);
    existing = dirname(existing);
  }
  for (const directory of missing) {
    makeOne(directory, mode);
    // Whatever is stored in it is only as durable as its own name is (T84).
    changed(dirname(directory));
  }
  return missing[0];
}

function makeOne(directory: string, mode: number): void {
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    // Somebody else made it meanwhile; a file of that name is an error still.
    const there = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    if (!there || !isDirectory(directory)) throw error;
  }
}

/** Whether it is there. What is there and is something else lets making it fail with its own words. */
function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    // A parent that is a file: making the child says so better.
    const notThere = isMissing(error) || (error instanceof Error && 'code' in error && error.code === 'ENOTDIR');
    if (notThere) return false;
    throw error;
  }
}
