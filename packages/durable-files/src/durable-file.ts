/** Writing, removing and reading files whose every state on the disk is a whole one (T55, T84). */
import {
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file: write a new one beside it, fsync, rename over, fsync the directory. After a crash at any point the old or
 * the new content is there. `mode` is exact (the umask does not apply). Throws what the file system says; the old file stays.
 * One writer at a time: the new file has a fixed name, so that what a killed writer left is replaced and does not pile up.
 */
export function writeDurably(path: string, content: string | Uint8Array, mode: number): void {
  replace(path, content, mode, fsyncSync);
  syncDirectory(dirname(path));
}

/**
 * Replaces a file in one step for whoever reads it, and waits for no disk: after a loss of power it may be anything. For what is
 * only shown, and told anew by whoever runs then. Otherwise as {@link writeDurably}.
 */
export function writeForNow(path: string, content: string | Uint8Array, mode: number): void {
  replace(path, content, mode, () => undefined);
}

function replace(path: string, content: string | Uint8Array, mode: number, sync: (file: number) => void): void {
  const replacement = beginReplacement(path, content, mode);
  try {
    sync(replacement.file);
    replacement.finish();
  } catch (error) {
    replacement.giveUp();
    throw error;
  }
}

/** A file that is written beside the one it is to replace. */
export interface Replacement {
  /** Open, with all of the content. */
  readonly file: number;
  /** Puts it in the other's place, in one step. */
  finish(): void;
  /** Removes it, unless it has replaced the other. */
  giveUp(): void;
}

/** Writes the new file. Whoever wants it durable syncs it before it is finished, and the directory after. */
export function beginReplacement(path: string, content: string | Uint8Array, mode: number): Replacement {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  removeIfThere(fresh);
  const file = openSync(fresh, flags, mode);
  let isOver = false;
  const giveUp = (): void => {
    if (isOver) return;
    isOver = true;
    closeQuietly(file);
    removeIfThere(fresh);
  };
  try {
    // Mode bits of open() are cut by the umask; 0644 must be 0644 under any umask.
    fchmodSync(file, mode);
    const bytes = typeof content === 'string' ? Buffer.from(content) : content;
    let written = 0;
    while (written < bytes.length) written += writeSync(file, bytes, written);
  } catch (error) {
    giveUp();
    throw error;
  }
  return {
    file,
    finish() {
      closeSync(file);
      renameSync(fresh, path);
      isOver = true;
    },
    giveUp,
  };
}

/** Makes what was created, renamed or removed in a directory survive a power loss. */
export function syncDirectory(directory: string): void {
  const handle = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Removes a file durably. A file that is not there is not an error. */
export function removeDurably(path: string): void {
  removeIfThere(path);
  syncDirectory(dirname(path));
}

/** The content of a file, or undefined when there is none. */
export function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

/** Whether an error says that a file or directory does not exist. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT';
}

function closeQuietly(file: number): void {
  try {
    closeSync(file);
  } catch {
    // It was closed already; the error that brought us here is the one to tell.
  }
}
