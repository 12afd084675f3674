import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { counted } from '../counted.ts';
import { galleryPlaces } from '../gallery-places.ts';
import { logged } from '../gallery-log.ts';
import { exportBundle } from '../mirror/export-bundle.ts';
import { importBundle } from '../mirror/import-bundle.ts';
import { progressBar } from '../progress-bar.ts';
import { warnOfUnusable } from '../warn-of-unusable.ts';
import { takenForLog, tell } from './mirror.ts';

export interface BundleExportFlags extends CommonFlags {
  readonly only?: readonly string[];
}

export interface BundleImportFlags extends CommonFlags {
  readonly root?: string;
}

/** Writes the gallery, or a part of its packages, onto a medium. */
export async function bundleExport(this: GalleryContext, flags: BundleExportFlags, folder: string): Promise<void> {
  const places = galleryPlaces(flags.gallery);
  const only = flags.only ?? [];
  const bar = progressBar(this);
  const { unusable, ...exported } = await logged(
    { places, now: this.now },
    { act: 'bundle export', details: { folder, only } },
    () => exportBundle({ places, folder, only, now: this.now, progress: bar.show }),
    ({ packages, bytes, issued }) => ({ packages, bytes, issued }),
  ).finally(bar.clear);
  answer(this, flags, { ...exported, folder }, [
    `Exported ${counted(exported.packages, 'package')} (${exported.bytes} bytes) and the signed catalog to ${folder}.`,
    `Where it is imported the first time, the root comes by another way than this medium, or its SHA-256 is compared with the one on paper.`,
  ]);
  warnOfUnusable(this, unusable);
}

/** Takes a bundle into a mirror. */
export async function bundleImport(this: GalleryContext, flags: BundleImportFlags, folder: string): Promise<void> {
  const places = galleryPlaces(flags.gallery);
  const bar = progressBar(this);
  const taken = await logged(
    { places, now: this.now },
    { act: 'bundle import', details: { folder } },
    () => importBundle({ places, folder, rootFile: flags.root, now: this.now, progress: bar.show }),
    takenForLog,
  ).finally(bar.clear);
  tell(this, flags, taken, `Imported ${folder}`);
}
