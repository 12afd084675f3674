import { basename } from 'node:path';
import { formatExtensionName } from '@sallyport/model';
import type { CatalogTarget } from '@sallyport/model/wire';
import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { GalleryError } from '../gallery-error.ts';
import { logged } from '../gallery-log.ts';
import { openGallery } from '../open-gallery.ts';
import { progressBar } from '../progress-bar.ts';
import { readOriginManifest, type OriginManifest } from '../publish/origin-manifest.ts';
import { packageIdentity } from '../publish/package-identity.ts';
import { publishedForLog, publishPackage } from '../publish/publish-package.ts';

export interface ImportFlags extends SigningFlags {
  readonly manifest?: string;
  readonly publisher?: string;
  readonly from?: string;
  readonly arch: CatalogTarget['architecture'];
  readonly needsNetworkToInstall: boolean;
}

/** Publishes an Azure VM extension as it is, checked and scanned here, signed by a publisher of this gallery, with where it came from. */
export async function importPackage(this: GalleryContext, flags: ImportFlags, file: string): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const there: OriginManifest = flags.manifest === undefined ? {} : readOriginManifest(flags.manifest);
  const origin = packageIdentity(there, {}, file, []);
  const publisher = flags.publisher ?? origin.name.publisher;
  const from = flags.from ?? basename(file);
  if (from.length > 500) throw new GalleryError('ArgumentMalformed', 'The origin has more than 500 characters.');
  const bar = progressBar(this);
  const { target, outcome } = await logged(
    { places, now: this.now },
    { act: 'import', details: { file, from } },
    () =>
      publishPackage(
        { places, repository, now: this.now, progress: bar.show },
        file,
        { publisher, type: origin.name.type, version: origin.version },
        {
          operatingSystem: there.supportedOs?.toLowerCase() === 'windows' ? 'windows' : 'linux',
          architecture: flags.arch,
          needsNetworkToInstall: flags.needsNetworkToInstall,
          origin: { from, publisher: origin.name.publisher, type: origin.name.type, version: origin.version },
        },
        true,
      ),
    publishedForLog,
  ).finally(bar.clear);
  const what = `${formatExtensionName(target.name)} ${target.version}`;
  answer(this, flags, { ...target, publisher: target.name.publisher, type: target.name.type, outcome }, [
    outcome === 'added'
      ? `Imported ${what} from ${from}: ${target.length} bytes, SHA-256 ${target.sha256}.`
      : `${what} is published already, exactly so: nothing was changed.`,
  ]);
}
