import { createRepository } from '@sallyport/catalog';
import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { logged } from '../gallery-log.ts';
import { galleryPlaces } from '../gallery-places.ts';
import { repositoryPlace } from '../open-gallery.ts';

export interface InitFlags extends SigningFlags {
  readonly rootKeys: number;
  readonly rootThreshold?: number;
}

export async function init(this: GalleryContext, flags: InitFlags): Promise<void> {
  const places = galleryPlaces(flags.gallery);
  const { rootKeys, rootThreshold = Math.min(2, rootKeys) } = flags;
  await logged(
    { places, now: this.now },
    { act: 'init', details: { rootKeys, rootThreshold } },
    () => createRepository({ ...repositoryPlace(places, flags), now: this.now, rootKeys, rootThreshold }),
    () => ({}),
  );
  const { firstRoot, keysDirectory } = places;
  const value = { gallery: flags.gallery, root: firstRoot, keys: keysDirectory, rootKeys, rootThreshold };
  answer(this, flags, value, [
    `The gallery in ${flags.gallery} is ready.`,
    `Root to pin on machines: ${firstRoot}`,
    `Private keys, to be kept safe and backed up: ${keysDirectory}`,
    `The root needs ${rootThreshold} of its ${rootKeys} keys: give root.* to ${rootKeys} people (docs/how-to/keep-the-keys.md).`,
  ]);
}
