/** Where a mirror takes a gallery from: a folder, or a control plane over HTTPS. Neither is trusted; what comes is verified (T25). */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { FolderStorage, type BlobStorage } from '@sallyport/blob-storage';
import { fetchFromFolder } from '@sallyport/catalog';
import { openGalleryStorage } from '@sallyport/cloud-storage';
import { messageOf } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';
import { manifestFile } from './bundle-manifest.ts';
import { sourceLacks, type GallerySource } from './gallery-source.ts';
import { httpsSource } from './https-source.ts';

/** Opens `https://host[:port]`, or the folder of a gallery, mirror or bundle. Throws `ArgumentMalformed`. */
export function openSource(address: string, caFile: string | undefined): GallerySource {
  if (!/^https?:\/\//i.test(address)) {
    return existsSync(join(address, manifestFile)) ? bundleSource(address) : gallerySource(address);
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || url.username !== '' || url.password !== '') {
    throw new GalleryError('ArgumentMalformed', `'${address}' is not https://host[:port], without a user name.`);
  }
  return httpsSource(url, caFile === undefined ? undefined : readAuthority(caFile));
}

/** A gallery or mirror of this machine, with its packages wherever its settings say. */
export function gallerySource(folder: string): GallerySource {
  let opened: Promise<BlobStorage> | undefined;
  return sourceOf(folder, () => (opened ??= openGalleryStorage(folder)));
}

/** A bundle: what lies in its folder. Nothing in it says where else to look, for a medium is anybody's. */
export function bundleSource(folder: string): GallerySource {
  const storage = new FolderStorage(join(folder, 'packages'));
  return sourceOf(folder, async () => storage);
}

function sourceOf(folder: string, storage: () => Promise<BlobStorage>): GallerySource {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new GalleryError(
      'ArgumentMalformed',
      `There is no folder '${folder}': name a gallery, a mirror or a bundle.`,
    );
  }
  return {
    name: folder,
    fetch: fetchFromFolder(join(folder, 'metadata')),
    async open(name) {
      const blob = await (await storage()).open(name);
      if (blob === undefined) throw sourceLacks(folder, name);
      return blob.stream() as AsyncIterable<Uint8Array>;
    },
    close() {},
  };
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
