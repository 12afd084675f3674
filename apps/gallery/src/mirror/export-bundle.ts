/** Writing a gallery, or a part of it, onto a medium. Only what a client could verify now is exported: an expired catalog helps nobody. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { FolderStorage } from '@sallyport/blob-storage';
import type { CatalogCopy } from '@sallyport/catalog';
import { removeDurably, writeDurably } from '@sallyport/durable-files';
import { GalleryError } from '../gallery-error.ts';
import type { GalleryPlaces } from '../gallery-places.ts';
import { manifestFile, writeManifest, type BundleFile } from './bundle-manifest.ts';
import { gallerySource } from './open-source.ts';
import { parseSubset } from './subset.ts';
import { blobNameOf } from './take-over.ts';
import { verifiedCopy } from './verified-copy.ts';

export interface BundleExport {
  readonly places: GalleryPlaces;
  readonly folder: string;
  readonly only: readonly string[];
  readonly now: () => Date;
  readonly progress: (step: string, done: number, total: number) => void;
}

export interface Exported {
  readonly packages: number;
  readonly bytes: number;
  readonly issued: string | undefined;
  readonly unusable: CatalogCopy['unusable'];
}

/**
 * Exports into an empty folder, or over a bundle, of which it keeps the packages that are still right. Throws like a client, and
 * `ArgumentMalformed` for a folder that holds something else.
 */
export async function exportBundle({ places, folder, only, now, progress }: BundleExport): Promise<Exported> {
  const subset = parseSubset(only);
  const copy = await verifiedCopy(places, now());
  const packages = copy.packages.filter(subset);
  prepare(folder);
  const files: BundleFile[] = [];
  const source = gallerySource(places.gallery);
  const storage = new FolderStorage(join(folder, 'packages'));
  const total = packages.reduce((sum, { length }) => sum + length, 0);
  let bytes = 0;
  for (const signed of packages) {
    const name = blobNameOf(signed);
    // Written anew even where one of that name lies: a medium is not believed to have kept it.
    await storage.put(name, await source.open(name, signed.length));
    files.push({ path: `packages/${name}`, length: signed.length, sha256: signed.sha256 });
    bytes += signed.length;
    progress('Copying', bytes, total);
  }
  for (const [file, content] of copy.files) {
    writeDurably(join(folder, 'metadata', file), content, 0o644);
    const sha256 = createHash('sha256').update(content).digest('hex');
    files.push({ path: `metadata/${file}`, length: content.length, sha256 });
  }
  await removeOthers(folder, files);
  const issued = copy.issued === undefined ? {} : { issued: copy.issued };
  const manifest = { format: 1 as const, exported: now().toISOString(), ...issued, only: [...only], files };
  writeDurably(join(folder, manifestFile), writeManifest(manifest), 0o644);
  removeDurably(join(folder, unfinished));
  return { packages: packages.length, bytes, issued: copy.issued, unusable: copy.unusable };
}

/** There while an export runs, or after one that was interrupted: then the folder may be written over. */
const unfinished = '.unfinished-bundle';

/** From here on it is no bundle until it is a whole one. */
function prepare(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const there = readdirSync(folder);
  const strange = there.find((name) => !['metadata', 'packages', manifestFile, unfinished].includes(name));
  const isBundle = there.includes(manifestFile) || there.includes(unfinished);
  if (strange !== undefined || (there.length > 0 && !isBundle)) {
    throw new GalleryError(
      'ArgumentMalformed',
      `'${folder}' holds '${strange ?? there[0] ?? ''}', which no export has put there: name an empty folder.`,
    );
  }
  writeDurably(join(folder, unfinished), '', 0o644);
  removeDurably(join(folder, manifestFile));
  mkdirSync(join(folder, 'metadata'), { recursive: true });
  mkdirSync(join(folder, 'packages'), { recursive: true });
}

/** What an earlier export left on the medium and this one does not name. */
async function removeOthers(folder: string, files: readonly BundleFile[]): Promise<void> {
  const named = new Set(files.map(({ path }) => path));
  for (const part of ['metadata', 'packages']) {
    for (const name of readdirSync(join(folder, part))) {
      if (!named.has(`${part}/${name}`)) removeDurably(join(folder, part, name));
    }
  }
}
