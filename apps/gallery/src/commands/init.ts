import { createRepository } from '@sallyport/catalog';
import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { galleryPlaces } from '../gallery-places.ts';

export async function init(this: GalleryContext, flags: CommonFlags): Promise<void> {
  const { directory, keysDirectory, firstRoot } = galleryPlaces(flags.gallery);
  await createRepository({ directory, keysDirectory, now: this.now });
  answer(this, flags, { gallery: flags.gallery, root: firstRoot, keys: keysDirectory }, [
    `The gallery in ${flags.gallery} is ready.`,
    `Root to pin on machines: ${firstRoot}`,
    `Private keys, to be kept safe and backed up: ${keysDirectory}`,
  ]);
}
