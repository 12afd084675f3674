/** Where a gallery keeps what. The keys lie beside what is public, never in it. */
import { join } from 'node:path';
import type { RepositoryPlace } from '@sallyport/catalog';

export interface GalleryPlaces extends RepositoryPlace {
  readonly gallery: string;
  /** The signed catalog: public. */
  readonly directory: string;
  /** Packages under content-addressed names: public. */
  readonly packages: string;
  /** Private keys: 0700. */
  readonly keysDirectory: string;
  /** The first root, for machines to pin. Newer ones are reached from it. */
  readonly firstRoot: string;
}

export function galleryPlaces(gallery: string): GalleryPlaces {
  const directory = join(gallery, 'metadata');
  return {
    gallery,
    directory,
    packages: join(gallery, 'packages'),
    keysDirectory: join(gallery, 'keys'),
    firstRoot: join(directory, '1.root.json'),
  };
}
