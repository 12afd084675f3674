import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { logged } from '../gallery-log.ts';
import { openGallery } from '../open-gallery.ts';

export interface PublisherAddFlags extends SigningFlags {
  readonly count: number;
  readonly threshold: number;
}

export async function publisherAdd(this: GalleryContext, flags: PublisherAddFlags, publisher: string): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const { count, threshold } = flags;
  await logged(
    { places, now: this.now },
    { act: 'publisher add', details: { publisher, count, threshold } },
    () => repository.addPublisher(publisher, { count, threshold }),
    () => ({}),
  );
  const needs = count === 1 ? '' : ` It needs ${threshold} of its ${count} keys.`;
  answer(this, flags, { publisher, keys: count, threshold }, [
    `The publisher ${publisher} may publish extensions named ${publisher}/….${needs}`,
  ]);
}
