import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { logged } from '../gallery-log.ts';
import { collectPackages } from '../garbage/collect-packages.ts';
import { openGallery } from '../open-gallery.ts';

export interface CollectGarbageFlags extends CommonFlags {
  readonly olderThanHours: number;
}

/** Removes packages that the catalog does not name. */
export async function collectGarbage(this: GalleryContext, flags: CollectGarbageFlags): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const { olderThanHours } = flags;
  const removed = await logged(
    { places, now: this.now },
    { act: 'collect-garbage', details: { olderThanHours } },
    () => collectPackages({ places, repository, now: this.now, olderThanHours }),
    (names) => ({ removed: names }),
  );
  answer(this, flags, { removed }, [
    removed.length === 0
      ? 'Every package that has lain for that long is named by the catalog: nothing was removed.'
      : `Removed ${removed.length} packages that the catalog does not name.`,
  ]);
}
