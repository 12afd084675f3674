/**
 * Removing packages that no catalog names: what a publisher that died has left, what a mirror no longer carries. What is named decides, and
 * it is asked while nobody can change it, so a publisher meanwhile can lose nothing (T20).
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { collectGarbage, type BlobName } from '@sallyport/blob-storage';
import { copyCatalog, fetchFromFolder, withLock, type Repository } from '@sallyport/catalog';
import { openGalleryStorage } from '@sallyport/cloud-storage';
import { packageBlobName } from '@sallyport/model';
import type { GalleryPlaces } from '../gallery-places.ts';
import { rootOf } from '../mirror/mirror-trust.ts';

export interface Garbage {
  readonly places: GalleryPlaces;
  /** Of a gallery that signs for itself. */
  readonly repository: Repository;
  readonly now: () => Date;
  /** Younger blobs stay: they may be about to be named. */
  readonly olderThanHours: number;
}

const patience = 60_000;

/** Removes them and says which. Throws when it cannot be told what is named; then nothing is removed. */
export async function collectPackages({
  places,
  repository,
  now,
  olderThanHours,
}: Garbage): Promise<readonly BlobName[]> {
  const storage = await openGalleryStorage(places.gallery);
  const oldest = now().getTime() - olderThanHours * 3_600_000;
  const isOriginal = statSync(places.keysDirectory, { throwIfNoEntry: false }) !== undefined;
  // Nobody names anything meanwhile. A publisher that has stored its package before and names it afterwards looks whether it is still there.
  return withLock(join(isOriginal ? places.keysDirectory : places.trust, 'lock'), patience, () =>
    collectGarbage({
      storage,
      named: async () => new Set(isOriginal ? await namedBy(repository) : await namedByMirror(places, now())),
      isOld: async (name) => {
        const blob = await storage.open(name);
        return blob !== undefined && blob.storedAt.getTime() < oldest;
      },
    }),
  );
}

async function namedBy(repository: Repository): Promise<readonly string[]> {
  return (await repository.packages()).map(({ sha256 }) => packageBlobName(sha256));
}

/** A mirror's catalog is verified like anybody's; one that is refused, or has a publisher that is, cannot say what is garbage. */
async function namedByMirror(places: GalleryPlaces, now: Date): Promise<readonly string[]> {
  const copy = await copyCatalog({
    pinnedRoot: readFileSync(rootOf(places)),
    floors: undefined,
    fetch: fetchFromFolder(places.directory),
    now,
  });
  const [unusable] = copy.unusable;
  if (unusable !== undefined) throw unusable.failure;
  return copy.packages.map(({ sha256 }) => packageBlobName(sha256));
}
