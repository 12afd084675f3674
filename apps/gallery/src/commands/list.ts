import { compareHandlerVersions, parseHandlerVersion } from '@sallyport/model';
import type { SignedPackage } from '@sallyport/catalog';
import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { openGallery } from '../open-gallery.ts';
import { warnOfExpiry } from '../warn-of-expiry.ts';

export async function list(this: GalleryContext, flags: CommonFlags): Promise<void> {
  const { repository } = openGallery(this, flags);
  const packages = [...(await repository.packages())].sort(byNameAndVersion);
  const lines = packages.map(
    ({ target, length, sha256 }) =>
      `${target.publisher}/${target.type} ${target.version}  ${target.operatingSystem}/${target.architecture}  ${length} bytes  sha256 ${sha256}  ${stateOf(target)}`,
  );
  answer(this, flags, packages, lines.length === 0 ? ['Nothing is published yet.'] : lines);
  warnOfExpiry(this, await repository.expiring());
}

function byNameAndVersion(a: SignedPackage, b: SignedPackage): number {
  const [left, right] = [nameOf(a), nameOf(b)];
  if (left !== right) return left < right ? -1 : 1;
  const [older, newer] = [parseHandlerVersion(a.target.version), parseHandlerVersion(b.target.version)];
  return older === undefined || newer === undefined ? 0 : compareHandlerVersions(older, newer);
}

function nameOf({ target }: SignedPackage): string {
  return `${target.publisher}/${target.type}`.toLowerCase();
}

function stateOf({ scan, channel, yanked }: SignedPackage['target']): string {
  if (yanked !== undefined) return `YANKED: ${yanked.reason}`;
  return `${channel ?? 'stable'}, ${scan === undefined || scan.by === 'none' ? 'not scanned' : 'scanned'}`;
}
