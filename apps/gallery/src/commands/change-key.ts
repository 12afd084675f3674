import { readFileSync } from 'node:fs';
import { parseTokenSigner, type KeyRequest, type KeysChangeReport } from '@sallyport/catalog';
import { messageOf } from '@sallyport/model';
import { answer, type GalleryContext, type SigningFlags } from '../context.ts';
import { GalleryError } from '../gallery-error.ts';
import { logged } from '../gallery-log.ts';
import { openGallery } from '../open-gallery.ts';

export interface ChangeKeyFlags extends SigningFlags {
  readonly threshold?: number;
  readonly signer?: string;
}

export async function keyAdd(this: GalleryContext, flags: ChangeKeyFlags, role: string): Promise<void> {
  await change(this, flags, role, { add: added(flags) });
}

export async function keyRotate(this: GalleryContext, flags: ChangeKeyFlags, role: string, key: string): Promise<void> {
  await change(this, flags, role, { add: added(flags), remove: key });
}

export async function keyRevoke(
  this: GalleryContext,
  flags: Omit<ChangeKeyFlags, 'signer'>,
  role: string,
  key: string,
): Promise<void> {
  await change(this, flags, role, { remove: key });
}

async function change(
  context: GalleryContext,
  flags: ChangeKeyFlags,
  role: string,
  request: KeyRequest,
): Promise<void> {
  const threshold = flags.threshold === undefined ? {} : { threshold: flags.threshold };
  const { places, repository } = openGallery(context, flags);
  const report = await logged(
    { places, now: context.now },
    { act: actOf(request), details: { role } },
    () => repository.changeKeys(role, { ...request, ...threshold }),
    ({ added: key, ...rest }) => ({ ...rest, added: key?.identifier }),
  );
  answer(context, flags, report, sentences(report));
}

function actOf({ add, remove }: KeyRequest): string {
  if (add === undefined) return 'key revoke';
  return remove === undefined ? 'key add' : 'key rotate';
}

function sentences({ role, added: key, removed, threshold, keys }: KeysChangeReport): string[] {
  return [
    ...(key === undefined ? [] : [`Added to ${role}: ${key.identifier.slice(0, 16)}, in ${key.file}.`]),
    ...(removed === undefined ? [] : [`Revoked: ${removed.slice(0, 16)}. Nothing it signs from now on counts.`]),
    `${role} needs ${threshold} of its ${keys} keys. Machines follow with their next refresh.`,
  ];
}

/** A key that is made now, or the one of a token, as a file describes it. */
function added({ signer }: ChangeKeyFlags): NonNullable<KeyRequest['add']> {
  if (signer === undefined) return 'new';
  try {
    return parseTokenSigner(readFileSync(signer, 'utf8'), signer);
  } catch (error) {
    if (error instanceof Error && !('syscall' in error)) throw error;
    throw new GalleryError('ArgumentMalformed', `The signer '${signer}' cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
