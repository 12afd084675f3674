import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { openGallery } from '../open-gallery.ts';

export async function publisherList(this: GalleryContext, flags: CommonFlags): Promise<void> {
  const publishers = await openGallery(this, flags).repository.publishers();
  const lines = publishers.map(
    ({ name, packages, expires }) => `${name}  ${packages} published, signed until ${expires}`,
  );
  answer(this, flags, publishers, lines.length === 0 ? ['There are no publishers yet.'] : lines);
}
