/** Where a mirror takes a gallery from: a folder, or a control plane over HTTPS. Neither is trusted; what comes is verified (T25). */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FolderStorage, type BlobName } from '@sallyport/blob-storage';
import { fetchFromFolder, type CatalogFetch } from '@sallyport/catalog';
import { messageOf } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';
import { httpsSource } from './https-source.ts';

export interface GallerySource {
  /** For messages. */
  readonly name: string;
  readonly fetch: CatalogFetch;
  /** The bytes of a package, of that length if the source is honest. Throws `PackageMissing` when the source does not have it. */
  open(name: BlobName, length: number): Promise<AsyncIterable<Uint8Array>>;
  close(): void;
}

/** Opens `https://host[:port]`, or the folder of a gallery, mirror or bundle. Throws `ArgumentMalformed`. */
export function openSource(address: string, caFile: string | undefined): GallerySource {
  if (!/^https?:\/\//i.test(address)) return folderSource(address);
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') {
    throw new GalleryError('ArgumentMalformed', `'${address}' is not https://host[:port], without a user name.`);
  }
  return httpsSource(url, caFile === undefined ? undefined : readAuthority(caFile));
}

/** The public folders of a gallery as they lie there. */
export function folderSource(folder: string): GallerySource {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new GalleryError(
      'ArgumentMalformed',
      `There is no folder '${folder}': name a gallery, a mirror or a bundle.`,
    );
  }
  const storage = new FolderStorage(join(folder, 'packages'));
  return {
    name: folder,
    fetch: fetchFromFolder(join(folder, 'metadata')),
    async open(name) {
      const blob = await storage.open(name);
      if (blob === undefined) throw sourceLacks(folder, name);
      return blob.stream() as AsyncIterable<Uint8Array>;
    },
    close() {},
  };
}

export function sourceLacks(source: string, name: string): GalleryError {
  return new GalleryError('PackageMissing', `${source} does not have the package ${name} that its catalog names.`);
}

function readAuthority(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new GalleryError('ArgumentMalformed', `The authority '${file}' cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
