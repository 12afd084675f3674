/** Where the catalog's files come from. Whoever carries them is not trusted: every file is checked after it arrived (T25). */
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { isCatalogFile } from '../layout.ts';

/**
 * Fetches one file, named without a path (`timestamp.json`, `2.root.json`). Reads no more than `maxLength` bytes: a longer file is
 * `'too-long'`, at once (endless data). A file that the source does not have is `'missing'`. Throws when the source fails or
 * `signal` says to stop; deadlines and minimum rates are the implementation's (T23).
 */
export type CatalogFetch = (
  file: string,
  maxLength: number,
  signal?: AbortSignal,
) => Promise<Uint8Array | 'missing' | 'too-long'>;

/** Reads the catalog from a folder: the gallery's own, a mirror's, or one on removable media (T83). */
export function fetchFromFolder(folder: string): CatalogFetch {
  return async function fetch(file, maxLength, signal) {
    signal?.throwIfAborted();
    if (!isCatalogFile(file)) return 'missing';
    const handle = await open(join(folder, file), constants.O_RDONLY | constants.O_NOFOLLOW).catch((error: unknown) => {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (handle === undefined) return 'missing';
    try {
      const { size } = await handle.stat();
      return size > maxLength ? 'too-long' : await handle.readFile();
    } finally {
      await handle.close();
    }
  };
}
