import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { openGallery } from '../open-gallery.ts';

export async function publisherAdd(this: GalleryContext, flags: CommonFlags, publisher: string): Promise<void> {
  const { repository } = openGallery(this, flags);
  await repository.addPublisher(publisher);
  answer(this, flags, { publisher }, [`The publisher ${publisher} may publish extensions named ${publisher}/….`]);
}
