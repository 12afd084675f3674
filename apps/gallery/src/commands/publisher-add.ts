import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { openGallery } from '../open-gallery.ts';

export interface PublisherAddFlags extends SigningFlags {
  readonly count: number;
  readonly threshold: number;
}

export async function publisherAdd(this: GalleryContext, flags: PublisherAddFlags, publisher: string): Promise<void> {
  const { repository } = openGallery(this, flags);
  const { count, threshold } = flags;
  await repository.addPublisher(publisher, { count, threshold });
  const needs = count === 1 ? '' : ` It needs ${threshold} of its ${count} keys.`;
  answer(this, flags, { publisher, keys: count, threshold }, [
    `The publisher ${publisher} may publish extensions named ${publisher}/….${needs}`,
  ]);
}
