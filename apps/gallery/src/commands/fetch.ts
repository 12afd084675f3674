import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fetchFromFolder, openCatalog, type SignedPackage } from '@sallyport/catalog';
import { openGalleryStorage } from '@sallyport/cloud-storage';
import { OperationFailure, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { fetchPackage } from '../fetch/fetch-package.ts';
import { GalleryError } from '../gallery-error.ts';
import { requireName, requireVersion } from '../require-package-name.ts';
import { galleryPlaces, type GalleryPlaces } from '../gallery-places.ts';

export interface FetchFlags extends CommonFlags {
  readonly output: string;
  readonly root?: string;
}

export async function fetch(this: GalleryContext, flags: FetchFlags, name: string, version: string): Promise<void> {
  const places = galleryPlaces(flags.gallery);
  const parsedName = requireName(name);
  const parsedVersion = requireVersion(version);
  const found = await findAsClient(places, flags.root ?? places.firstRoot, this.now, parsedName, parsedVersion);
  if (found === undefined) {
    throw new GalleryError(
      'PackageMissing',
      `No publisher has signed ${name} ${version}: see 'sallyport-gallery list'.`,
    );
  }
  const { yanked } = found.target;
  if (yanked !== undefined) {
    throw new OperationFailure('PackageYanked', `${name} ${version} was taken back by its publisher: ${yanked.reason}`);
  }
  await fetchPackage(await openGalleryStorage(places.gallery), found, flags.output);
  answer(this, flags, { ...found, output: flags.output }, [
    `${name} ${version} is in ${flags.output}: ${found.length} bytes, SHA-256 ${found.sha256}, as its publisher signed it.`,
  ]);
}

/** A machine's view: what it verified is kept only while the command runs, so an older catalog than last time is not noticed here. */
async function findAsClient(
  places: GalleryPlaces,
  root: string,
  now: () => Date,
  name: ExtensionName,
  version: HandlerVersion,
): Promise<SignedPackage | undefined> {
  const pinnedRoot = await readFile(root).catch((error: unknown) => {
    throw new GalleryError('ArgumentMalformed', `The root '${root}' cannot be read: name one with --root.`, {
      cause: error,
    });
  });
  const directory = await mkdtemp(join(tmpdir(), 'sallyport-fetch-'));
  try {
    const catalog = openCatalog({ directory, pinnedRoot, fetch: fetchFromFolder(places.directory), now });
    await catalog.refresh();
    return await catalog.find(name, version);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}
