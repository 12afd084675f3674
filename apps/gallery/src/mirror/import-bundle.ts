/** Importing a bundle into a mirror: first whether it came over whole, then what any client would ask of it. Refused whole or taken whole (T83). */
import { parseSubset } from './subset.ts';
import { readManifest, requireWhole } from './bundle-manifest.ts';
import { bundleSource } from './open-source.ts';
import { takeOver, type TakenOver, type TakeOver } from './take-over.ts';
import { GalleryError } from '../gallery-error.ts';

export interface BundleImport extends Omit<TakeOver, 'source' | 'choose'> {
  readonly folder: string;
}

/** Throws `BundleMissing`, `BundleIncomplete`, `BundleDamaged`, and what {@link takeOver} throws. */
export async function importBundle({ folder, ...order }: BundleImport): Promise<TakenOver> {
  const manifest = readManifest(folder);
  await requireWhole(folder, manifest, order.progress);
  const inBundle = new Set(manifest.files.map(({ path }) => path));
  const source = bundleSource(folder);
  return takeOver({
    ...order,
    source,
    choose(packages) {
      const chosen = packages.filter(({ sha256 }) => inBundle.has(`packages/${sha256}.zip`));
      const named = new Set(chosen.map(({ sha256 }) => `packages/${sha256}.zip`));
      const foreign = manifest.files.find(({ path }) => path.startsWith('packages/') && !named.has(path));
      if (foreign !== undefined) {
        throw new GalleryError(
          'BundleDamaged',
          `The bundle is damaged: nobody has signed its ${foreign.path}. Have it exported again; nothing was imported.`,
        );
      }
      const missing = packages
        .filter(parseSubset(manifest.only))
        .find(({ sha256 }) => !inBundle.has(`packages/${sha256}.zip`));
      if (missing === undefined) return chosen;
      throw new GalleryError(
        'BundleIncomplete',
        `The bundle was not exported to its end: ${missing.path} is missing. Export it again; nothing was imported.`,
      );
    },
  });
}
