/** The gallery that a command works on. */
import { keyPassphrases, openRepository, type Repository, type RepositoryPlace } from '@sallyport/catalog';
import type { GalleryContext, SigningFlags } from './context.ts';
import { galleryPlaces, type GalleryPlaces } from './gallery-places.ts';
import { readPassphrases } from './read-passphrases.ts';

/** Where the gallery keeps what, and its repository. Reads nothing of it yet. */
export function openGallery(
  context: GalleryContext,
  flags: SigningFlags,
): { readonly places: GalleryPlaces; readonly repository: Repository } {
  const places = galleryPlaces(flags.gallery);
  return { places, repository: openRepository({ ...repositoryPlace(places, flags), now: context.now }) };
}

/** Where the catalog and its keys lie, with what opens them. */
export function repositoryPlace(places: GalleryPlaces, flags: SigningFlags): RepositoryPlace {
  return {
    directory: places.directory,
    keysDirectory: places.keysDirectory,
    ...(flags.keys === undefined ? {} : { otherKeys: flags.keys }),
    ...(flags.passphraseFile === undefined
      ? {}
      : { passphrases: keyPassphrases(readPassphrases(flags.passphraseFile)) }),
  };
}
