/** Several files that are written at once: the disk is waited for twice, however many there are (T55, T84). */
import { closeSync, constants, fsync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { beginReplacement, type Replacement } from './durable-file.ts';

/**
 * Collects files to be replaced, and directories in which something was made. Until {@link DurableChanges.commit} has returned, a crash
 * leaves each file old or new by itself: for files of which none says anything about another.
 */
export class DurableChanges {
  readonly #files = new Map<string, { readonly content: string | Uint8Array; readonly mode: number }>();
  readonly #before = new Set<string>();
  readonly #directories = new Set<string>();

  /** Replaces a file at the commit. `mode` is exact. */
  write(path: string, content: string | Uint8Array, mode: number): void {
    this.#files.set(path, { content, mode });
  }

  /** Something was created, renamed or removed in it. */
  changed(directory: string): void {
    this.#directories.add(directory);
  }

  /** The same, and it is durable before any of the files is in its place. */
  changedBefore(directory: string): void {
    this.#before.add(directory);
  }

  /**
   * Does it; durable when it returns. Throws what the file system says; what is not replaced by then stays as it was. With `soon` each file
   * is the old or the new one after a loss of power, until something else is made durable in its directory.
   */
  async commit(names: 'durable' | 'soon' = 'durable'): Promise<void> {
    const begun: Replacement[] = [];
    try {
      for (const [path, { content, mode }] of this.#files) {
        begun.push(beginReplacement(path, content, mode));
        this.changed(dirname(path));
      }
      await all([...begun.map(({ file }) => syncContent(file)), ...syncAll(this.#before)]);
      for (const replacement of begun) replacement.finish();
    } catch (error) {
      for (const replacement of begun) replacement.giveUp();
      throw error;
    }
    if (names === 'durable') await all(syncAll(this.#directories));
  }
}

function syncAll(directories: ReadonlySet<string>): readonly Promise<void>[] {
  return [...directories].map((directory) => syncNames(directory));
}

/** Nothing of it goes on when it returns, however it ends. */
async function all(syncs: readonly Promise<void>[]): Promise<void> {
  await Promise.allSettled(syncs);
  await Promise.all(syncs);
}

function syncContent(file: number): Promise<void> {
  return new Promise((resolve, reject) => {
    fsync(file, (error) => (error === null ? resolve() : reject(error)));
  });
}

async function syncNames(directory: string): Promise<void> {
  const handle = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await new Promise<void>((resolve, reject) => {
      fsync(handle, (error) => (error === null ? resolve() : reject(error)));
    });
  } finally {
    closeSync(handle);
  }
}
