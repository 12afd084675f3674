/** The gallery that a command works on. */
import { openRepository, type Repository } from '@sallyport/catalog';
import type { CommonFlags, GalleryContext } from './context.ts';
import { galleryPlaces, type GalleryPlaces } from './gallery-places.ts';

/** Where the gallery keeps what, and its repository. Reads nothing yet. */
export function openGallery(
  context: GalleryContext,
  flags: CommonFlags,
): { readonly places: GalleryPlaces; readonly repository: Repository } {
  const places = galleryPlaces(flags.gallery);
  return { places, repository: openRepository({ ...places, now: context.now }) };
}
