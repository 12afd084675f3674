import { answer, type SigningFlags, type GalleryContext } from '../context.ts';
import { openGallery } from '../open-gallery.ts';
import { warnOfExpiry } from '../warn-of-expiry.ts';

export async function refresh(this: GalleryContext, flags: SigningFlags): Promise<void> {
  const report = await openGallery(this, flags).repository.refresh();
  answer(this, flags, report, [`The catalog was signed anew: ${report.signed.join(', ')}.`]);
  warnOfExpiry(this, report.warnings);
}
