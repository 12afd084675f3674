import { compareHandlerVersions, parseHandlerVersion } from '@sallyport/model';
import type { SignedPackage } from '@sallyport/catalog';
import { openGalleryStorage } from '@sallyport/cloud-storage';
import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { galleryPlaces, type GalleryPlaces } from '../gallery-places.ts';
import { isMirror } from '../mirror/mirror-trust.ts';
import { blobNameOf } from '../mirror/take-over.ts';
import { verifiedCopy } from '../mirror/verified-copy.ts';
import { openGallery } from '../open-gallery.ts';
import { warnOfExpiry } from '../warn-of-expiry.ts';
import { warnOfUnusable } from '../warn-of-unusable.ts';

export async function list(this: GalleryContext, flags: CommonFlags): Promise<void> {
  const places = galleryPlaces(flags.gallery);
  if (isMirror(places)) return listMirror(this, flags, places);
  const { repository } = openGallery(this, flags);
  tell(this, flags, await repository.packages(), () => '');
  warnOfExpiry(this, await repository.expiring());
}

/** What the gallery publishes that is mirrored, and what of it is here. */
async function listMirror(context: GalleryContext, flags: CommonFlags, places: GalleryPlaces): Promise<void> {
  const { packages, unusable } = await verifiedCopy(places, context.now());
  const storage = await openGalleryStorage(places.gallery);
  const here = new Set<SignedPackage>();
  for (const signed of packages) if (await storage.has(blobNameOf(signed))) here.add(signed);
  tell(context, flags, packages, (signed) => (here.has(signed) ? '' : ', not copied'));
  warnOfUnusable(context, unusable);
}

function tell(
  context: GalleryContext,
  flags: CommonFlags,
  packages: readonly SignedPackage[],
  more: (signed: SignedPackage) => string,
): void {
  const sorted = packages.toSorted(byNameAndVersion);
  const lines = sorted.map((signed) => {
    const { target, length, sha256 } = signed;
    const what = `${target.publisher}/${target.type} ${target.version}  ${target.operatingSystem}/${target.architecture}`;
    return `${what}  ${length} bytes  sha256 ${sha256}  ${stateOf(target)}${more(signed)}`;
  });
  answer(context, flags, sorted, lines.length === 0 ? ['Nothing is published yet.'] : lines);
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

function stateOf({ scan, channel, yanked, needsNetworkToInstall }: SignedPackage['target']): string {
  if (yanked !== undefined) return `YANKED: ${yanked.reason}`;
  const network = needsNetworkToInstall === true ? ', needs a network to install' : '';
  return `${channel ?? 'stable'}, ${scan === undefined || scan.by === 'none' ? 'not scanned' : 'scanned'}${network}`;
}
