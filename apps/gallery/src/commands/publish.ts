import { formatExtensionName } from '@sallyport/model';
import type { CatalogTarget } from '@sallyport/model/wire';
import { answer, type SigningFlags, type GalleryContext } from '../context.ts';
import { openGallery } from '../open-gallery.ts';
import { publishPackage } from '../publish/publish-package.ts';

export interface PublishFlags extends SigningFlags {
  readonly publisher?: string;
  readonly type?: string;
  readonly version?: string;
  readonly os: CatalogTarget['operatingSystem'];
  readonly arch: CatalogTarget['architecture'];
}

export async function publish(this: GalleryContext, flags: PublishFlags, file: string): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const machine = { operatingSystem: flags.os, architecture: flags.arch };
  const said = { publisher: flags.publisher, type: flags.type, version: flags.version };
  const { target, outcome } = await publishPackage({ places, repository, now: this.now }, file, said, machine);
  const { name, version, length, sha256 } = target;
  const what = `${formatExtensionName(name)} ${version}`;
  const value = { publisher: name.publisher, type: name.type, version, ...machine, length, sha256, outcome };
  answer(this, flags, value, [
    outcome === 'added'
      ? `Published ${what}: ${length} bytes, SHA-256 ${sha256}. It was not scanned for malware.`
      : `${what} is published already, exactly so: nothing was changed.`,
  ]);
}
