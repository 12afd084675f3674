/**
 * Removing what no catalog names: packages that a publisher that died has left or a mirror no longer carries, and versions of the catalog's
 * own files that were replaced long ago. What is named decides, and it is asked while nobody can change it, so a publisher meanwhile can
 * lose nothing (T20).
 */
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { collectGarbage, type BlobName } from '@sallyport/blob-storage';
import { withLock, type Repository } from '@sallyport/catalog';
import { openGalleryStorage } from '@sallyport/cloud-storage';
import { readIfThere, syncDirectory, writeDurably } from '@sallyport/durable-files';
import { packageBlobName } from '@sallyport/model';
import type { GalleryPlaces } from '../gallery-places.ts';
import { isMirror } from '../mirror/mirror-trust.ts';
import { verifiedCopy } from '../mirror/verified-copy.ts';
import { readSeen, supersededFiles } from './superseded-files.ts';

export interface Garbage {
  readonly places: GalleryPlaces;
  /** Of a gallery that signs for itself. */
  readonly repository: Repository;
  readonly now: () => Date;
  /** Younger blobs stay: they may be about to be named. */
  readonly olderThanHours: number;
}

export interface Collected {
  readonly packages: readonly BlobName[];
  /** Files of the catalog. */
  readonly metadata: readonly string[];
}

const patience = 60_000;

/** Removes it and says what. Throws when it cannot be told what is named; then nothing is removed. */
export async function collectGalleryGarbage(garbage: Garbage): Promise<Collected> {
  const { places, repository, now, olderThanHours } = garbage;
  const storage = await openGalleryStorage(places.gallery);
  const oldest = now().getTime() - olderThanHours * 3_600_000;
  const isOriginal = !isMirror(places);
  // Nobody names anything meanwhile. A publisher that has stored its package before and names it afterwards looks whether it is still there.
  return withLock(join(isOriginal ? places.keysDirectory : places.trust, 'lock'), patience, async () => {
    const named = isOriginal ? await namedBy(repository) : await namedByMirror(places, now());
    const packages = await collectGarbage({
      storage,
      named: async () => new Set(named.packages),
      isOld: async (name) => {
        const blob = await storage.open(name);
        return blob !== undefined && blob.storedAt.getTime() < oldest;
      },
    });
    return { packages, metadata: collectFiles(places, named.files, now()) };
  });
}

/** What must stay. */
interface Named {
  readonly packages: readonly string[];
  readonly files: readonly string[];
}

async function namedBy(repository: Repository): Promise<Named> {
  const packages = (await repository.packages()).map(({ sha256 }) => packageBlobName(sha256));
  return { packages, files: await repository.files() };
}

/** A mirror's catalog is verified like anybody's; one that is refused, or has a publisher that is, cannot say what is garbage. */
async function namedByMirror(places: GalleryPlaces, now: Date): Promise<Named> {
  const copy = await verifiedCopy(places, now);
  const [unusable] = copy.unusable;
  if (unusable !== undefined) throw unusable.failure;
  return { packages: copy.packages.map(({ sha256 }) => packageBlobName(sha256)), files: [...copy.files.keys()] };
}

/** Which files were found to be replaced, and when: kept beside the log. Without it they are only found again, and stay longer. */
function collectFiles(places: GalleryPlaces, named: readonly string[], now: Date): readonly string[] {
  const notes = join(places.gallery, 'superseded.json');
  const { superseded, seen } = supersededFiles({
    there: readdirSync(places.directory),
    named,
    seen: readSeen(readIfThere(notes)?.toString('utf8')),
    now,
  });
  for (const file of superseded) rmSync(join(places.directory, file), { force: true });
  if (superseded.length > 0) syncDirectory(places.directory);
  writeDurably(notes, JSON.stringify(seen), 0o644);
  return superseded;
}
