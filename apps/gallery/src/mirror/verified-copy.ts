/** What a gallery's own public folder holds, original or mirror, as a client verifies it. */
import { readFileSync } from 'node:fs';
import { copyCatalog, fetchFromFolder, type CatalogCopy } from '@sallyport/catalog';
import { messageOf } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';
import type { GalleryPlaces } from '../gallery-places.ts';
import { rootOf } from './mirror-trust.ts';

/** Throws like a client. */
export async function verifiedCopy(places: GalleryPlaces, now: Date): Promise<CatalogCopy> {
  return copyCatalog({
    pinnedRoot: readRoot(rootOf(places)),
    floors: undefined,
    fetch: fetchFromFolder(places.directory),
    now,
  });
}

function readRoot(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new GalleryError('PackageMissing', `There is no gallery here: ${messageOf(error)}.`, { cause: error });
  }
}
