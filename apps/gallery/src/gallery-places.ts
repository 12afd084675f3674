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
  /** What a mirror believes, instead of keys: 0700. */
  readonly trust: string;
  /** What was done here, one line each. */
  readonly log: string;
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
    trust: join(gallery, 'trust'),
    log: join(gallery, 'log.jsonl'),
    firstRoot: join(directory, '1.root.json'),
  };
}
