import { openRepository } from '@sallyport/catalog';
import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { counted } from '../counted.ts';
import { galleryPlaces } from '../gallery-places.ts';
import { logged } from '../gallery-log.ts';
import { collectGalleryGarbage } from '../garbage/collect-garbage.ts';
import { supersededDays } from '../garbage/superseded-files.ts';
import { repositoryPlace } from '../open-gallery.ts';

export interface CollectGarbageFlags extends CommonFlags {
  readonly olderThanHours: number;
}

/** Removes what the catalog does not name. */
export async function collectGarbage(this: GalleryContext, flags: CollectGarbageFlags): Promise<void> {
  const places = galleryPlaces(flags.gallery);
  const repository = openRepository({ ...repositoryPlace(places, flags), now: this.now });
  const { olderThanHours } = flags;
  const collected = await logged(
    { places, now: this.now },
    { act: 'collect-garbage', details: { olderThanHours } },
    () => collectGalleryGarbage({ places, repository, now: this.now, olderThanHours }),
    ({ packages, metadata }) => ({ removed: packages, metadata }),
  );
  const { packages, metadata } = collected;
  answer(this, flags, { removed: packages, metadata }, [
    packages.length === 0
      ? 'Every package that has lain for that long is named by the catalog: none was removed.'
      : `Removed ${counted(packages.length, 'package')} that the catalog does not name.`,
    ...(metadata.length === 0
      ? []
      : [`Removed ${counted(metadata.length, 'file')} of the catalog, replaced more than ${supersededDays} days ago.`]),
  ]);
}
