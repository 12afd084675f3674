import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { openGallery } from '../open-gallery.ts';
import { warnOfExpiry } from '../warn-of-expiry.ts';

export async function keyList(this: GalleryContext, flags: SigningFlags): Promise<void> {
  const { repository } = openGallery(this, flags);
  const roles = await repository.roles();
  const lines = roles.flatMap(({ role, threshold, expires, keys }) => [
    `${role}  ${threshold} of ${keys.length}, signed until ${expires}`,
    ...keys.map(({ identifier, presence }) => `  ${identifier.slice(0, 16)}  ${presence}`),
  ]);
  answer(this, flags, roles, lines);
  warnOfExpiry(this, await repository.expiring());
}
