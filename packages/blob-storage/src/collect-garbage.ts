/** Removing blobs that nothing names any more. What is named decides; when that cannot be told, nothing is removed. */
import type { BlobName } from './blob-name.ts';
import type { BlobStorage } from './blob-storage.ts';

export interface GarbageOptions {
  readonly storage: BlobStorage;
  /**
   * Everything that any catalog still served names. Asked before the storage is listed and again before anything is removed: what a
   * publisher stores meanwhile is either older garbage or named by then. Throws when it cannot tell; then nothing is removed.
   */
  readonly named: () => Promise<ReadonlySet<string>>;
  /** Whether a blob is old enough: one that was just stored may be about to be named. */
  readonly isOld: (name: BlobName) => Promise<boolean>;
  readonly signal?: AbortSignal;
}

/** Removes unnamed, old blobs and returns their names. */
export async function collectGarbage({ storage, named, isOld, signal }: GarbageOptions): Promise<readonly BlobName[]> {
  const first = await named();
  const candidates: BlobName[] = [];
  for await (const name of storage.list()) {
    signal?.throwIfAborted();
    if (!first.has(name) && (await isOld(name))) candidates.push(name);
  }
  const second = candidates.length === 0 ? first : await named();
  const removed: BlobName[] = [];
  for (const name of candidates) {
    signal?.throwIfAborted();
    if (!second.has(name) && (await storage.remove(name))) removed.push(name);
  }
  return removed;
}
