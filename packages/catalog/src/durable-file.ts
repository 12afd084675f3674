/** Files that are either the old one or the new one, never half of each, whatever happens in between (T84). */
import { constants } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file: write a new one beside it, fsync, rename over, fsync the directory. `mode` is exact, whatever the umask.
 * Throws what the file system says; the old file stays. One writer at a time: the new file has a fixed name, so that what a writer
 * left when it was killed is replaced by the next one instead of piling up.
 */
export async function writeDurably(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const fresh = join(dirname(path), `.${basename(path)}.new`);
  const flags = constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_NOFOLLOW;
  await rm(fresh, { force: true });
  try {
    const file = await open(fresh, flags, mode);
    try {
      await file.chmod(mode);
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(fresh, path);
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Makes what was created or renamed in a directory survive a power loss. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The content of a file, or undefined when there is none. */
export async function readIfThere(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
