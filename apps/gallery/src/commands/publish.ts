import { formatExtensionName } from '@sallyport/model';
import type { CatalogTarget, ReleaseChannel } from '@sallyport/model/wire';
import { answer, type SigningFlags, type GalleryContext } from '../context.ts';
import { logged } from '../gallery-log.ts';
import { openGallery } from '../open-gallery.ts';
import { progressBar } from '../progress-bar.ts';
import { publishedForLog, publishPackage } from '../publish/publish-package.ts';

export interface PublishFlags extends SigningFlags {
  readonly publisher?: string;
  readonly type?: string;
  readonly version?: string;
  readonly os: CatalogTarget['operatingSystem'];
  readonly arch: CatalogTarget['architecture'];
  readonly channel: ReleaseChannel;
  readonly needsNetworkToInstall: boolean;
}

export async function publish(this: GalleryContext, flags: PublishFlags, file: string): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const machine = { operatingSystem: flags.os, architecture: flags.arch };
  const said = { publisher: flags.publisher, type: flags.type, version: flags.version };
  const bar = progressBar(this);
  const { target, outcome } = await logged(
    { places, now: this.now },
    { act: 'publish', details: { file } },
    () =>
      publishPackage({ places, repository, now: this.now, progress: bar.show }, file, said, {
        ...machine,
        channel: flags.channel,
        needsNetworkToInstall: flags.needsNetworkToInstall,
      }),
    publishedForLog,
  ).finally(bar.clear);
  const { name, version, length, sha256, scan } = target;
  const what = `${formatExtensionName(name)} ${version}`;
  const value = {
    publisher: name.publisher,
    type: name.type,
    version,
    ...machine,
    length,
    sha256,
    scan: target.scan,
    channel: flags.channel,
    needsNetworkToInstall: flags.needsNetworkToInstall,
    outcome,
  };
  answer(this, flags, value, [
    outcome === 'added'
      ? `Published ${what}: ${length} bytes, SHA-256 ${sha256}. ${scanned(scan)}`
      : `${what} is published already, exactly so: nothing was changed.`,
  ]);
}

function scanned(scan: CatalogTarget['scan']): string {
  return scan === undefined || scan.by === 'none'
    ? 'It was not scanned for malware, as this gallery is set up (scan-policy).'
    : `Scanned by ${scan.by}.`;
}
