import { formatExtensionName } from '@sallyport/model';
import type { ReleaseChannel } from '@sallyport/model/wire';
import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { GalleryError } from '../gallery-error.ts';
import { logged } from '../gallery-log.ts';
import { openGallery } from '../open-gallery.ts';
import { requireName, requireVersion } from '../require-package-name.ts';

export interface PromoteFlags extends SigningFlags {
  readonly channel: ReleaseChannel;
}

export interface YankFlags extends SigningFlags {
  readonly reason: string;
}

export async function promote(this: GalleryContext, flags: PromoteFlags, name: string, version: string): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const { channel } = flags;
  const parsed = requireName(name);
  const outcome = await logged(
    { places, now: this.now },
    { act: 'promote', details: { name, version, channel } },
    () => repository.changeRelease(parsed, requireVersion(version), { channel }),
    (result) => ({ result }),
  );
  answer(this, flags, { name, version, channel, outcome }, [
    `${formatExtensionName(parsed)} ${version} is ${channel} now.`,
  ]);
}

export async function yank(this: GalleryContext, flags: YankFlags, name: string, version: string): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const reason = flags.reason.trim();
  if (reason === '' || reason.length > 500)
    throw new GalleryError(
      'ArgumentMalformed',
      'A reason has one to 500 characters: say what is wrong with the release.',
    );
  const parsed = requireName(name);
  const outcome = await logged(
    { places, now: this.now },
    { act: 'yank', details: { name, version, reason } },
    () => repository.changeRelease(parsed, requireVersion(version), { yank: reason }),
    (result) => ({ result }),
  );
  answer(this, flags, { name, version, reason, outcome }, [
    outcome === 'changed'
      ? `${formatExtensionName(parsed)} ${version} was taken back. Nothing installs it any more; where it runs, it goes on running.`
      : `${formatExtensionName(parsed)} ${version} was taken back before.`,
  ]);
}
