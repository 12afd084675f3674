/** How much room a folder takes, as far as it needs to be known. */
import { lstat, opendir } from 'node:fs/promises';
import { join } from 'node:path';

/** Room on the disk of all below the folders, in bytes. Stops counting above `enough`. What goes away meanwhile counts nothing. */
export async function treeSize(folders: readonly string[], enough: number, signal: AbortSignal): Promise<number> {
  let bytes = 0;
  const waiting = [...folders];
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    try {
      for await (const entry of await opendir(folder)) {
        if (bytes > enough || signal.aborted) return bytes;
        const path = join(folder, entry.name);
        if (entry.isDirectory()) waiting.push(path);
        else bytes += (await lstat(path)).blocks * 512;
      }
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  return bytes;
}

function isGone(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
