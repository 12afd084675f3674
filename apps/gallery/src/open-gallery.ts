/** The gallery that a command works on. */
import { keyPassphrases, openRepository, type Repository, type RepositoryPlace } from '@sallyport/catalog';
import type { GalleryContext, SigningFlags } from './context.ts';
import { GalleryError } from './gallery-error.ts';
import { galleryPlaces, type GalleryPlaces } from './gallery-places.ts';
import { isMirror } from './mirror/mirror-trust.ts';
import { readPassphrases } from '@sallyport/catalog/keys';

/** Where a gallery that signs for itself keeps what, and its repository. Throws `GalleryIsMirror`; reads nothing else yet. */
export function openGallery(
  context: GalleryContext,
  flags: SigningFlags,
): { readonly places: GalleryPlaces; readonly repository: Repository } {
  const places = galleryPlaces(flags.gallery);
  if (isMirror(places)) {
    throw new GalleryError(
      'GalleryIsMirror',
      `The gallery in '${flags.gallery}' is a mirror and signs nothing: do this in the gallery that it mirrors, then bring it up to date.`,
    );
  }
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
