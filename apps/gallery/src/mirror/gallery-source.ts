/** What a mirror takes a gallery from. It is not trusted; what comes is verified (T25). */
import type { BlobName } from '@sallyport/blob-storage';
import type { CatalogFetch } from '@sallyport/catalog';
import { GalleryError } from '../gallery-error.ts';

export interface GallerySource {
  /** For messages. */
  readonly name: string;
  readonly fetch: CatalogFetch;
  /** The bytes of a package, of that length if the source is honest. Throws `PackageMissing` when the source does not have it. */
  open(name: BlobName, length: number): Promise<AsyncIterable<Uint8Array>>;
  close(this: void): void;
}

export function sourceLacks(source: string, name: string): GalleryError {
  return new GalleryError('PackageMissing', `${source} does not have the package ${name} that its catalog names.`);
}
