import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { logged } from '../gallery-log.ts';
import { collectGalleryGarbage } from '../garbage/collect-garbage.ts';
import { supersededDays } from '../garbage/superseded-files.ts';
import { openGallery } from '../open-gallery.ts';

export interface CollectGarbageFlags extends CommonFlags {
  readonly olderThanHours: number;
}

/** Removes what the catalog does not name. */
export async function collectGarbage(this: GalleryContext, flags: CollectGarbageFlags): Promise<void> {
  const { places, repository } = openGallery(this, flags);
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
      : `Removed ${packages.length} packages that the catalog does not name.`,
    ...(metadata.length === 0
      ? []
      : [`Removed ${metadata.length} files of the catalog that were replaced more than ${supersededDays} days ago.`]),
  ]);
}
