import { answer, type SigningFlags, type GalleryContext } from '../context.ts';
import { logged } from '../gallery-log.ts';
import { openGallery } from '../open-gallery.ts';
import { warnOfExpiry } from '../warn-of-expiry.ts';

export async function refresh(this: GalleryContext, flags: SigningFlags): Promise<void> {
  const { places, repository } = openGallery(this, flags);
  const report = await logged(
    { places, now: this.now },
    { act: 'refresh', details: {} },
    () => repository.refresh(),
    ({ signed }) => ({ signed }),
  );
  answer(this, flags, report, [`The catalog was signed anew: ${report.signed.join(', ')}.`]);
  warnOfExpiry(this, report.warnings);
}
