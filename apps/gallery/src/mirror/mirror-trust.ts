/**
 * What a mirror believes: the root that was pinned when it was begun, and floors below which it never goes again. Beside what is public,
 * like the keys of a gallery that signs for itself.
 */
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectories, readIfThere, writeDurably } from '@sallyport/durable-files';
import { messageOf } from '@sallyport/model';
import { GalleryError } from '../gallery-error.ts';
import type { GalleryPlaces } from '../gallery-places.ts';

export interface MirrorTrust {
  readonly pinnedRoot: Uint8Array;
  readonly floors: string | undefined;
}

/** Whether the folder is a mirror of another gallery, which has no keys of its own. */
export function isMirror(places: GalleryPlaces): boolean {
  return !isThere(places.keysDirectory) && isThere(pinnedRootFile(places));
}

/** Reads it, beginning with the root in `rootFile` where nothing is pinned yet. Throws `RootMissing`, `RootDiffers`, `GalleryIsOriginal`. */
export function readMirrorTrust(places: GalleryPlaces, rootFile: string | undefined): MirrorTrust {
  if (isThere(places.keysDirectory)) {
    throw new GalleryError(
      'GalleryIsOriginal',
      `The gallery in '${places.gallery}' signs for itself: name another folder for a mirror.`,
    );
  }
  const pinned = readIfThere(pinnedRootFile(places));
  const given = rootFile === undefined ? undefined : readRoot(rootFile);
  if (pinned !== undefined && given !== undefined && !pinned.equals(given)) {
    throw new GalleryError(
      'RootDiffers',
      `'${rootFile}' is not the root that this mirror began with: leave --root out, or begin a mirror of its own in another folder.`,
    );
  }
  const pinnedRoot = pinned ?? given;
  if (pinnedRoot === undefined) {
    throw new GalleryError(
      'RootMissing',
      'Nothing says whom to believe: name the root with --root, the first time. It is metadata/1.root.json of the gallery; compare its SHA-256 with the one on paper, never with one that came on the same medium.',
    );
  }
  return { pinnedRoot, floors: readIfThere(floorsFile(places))?.toString('utf8') };
}

/** Writes it down: the floors last, so that they never belong to another root. */
export function keepMirrorTrust(places: GalleryPlaces, { pinnedRoot, floors }: MirrorTrust): void {
  makeDirectories(places.trust, 0o700);
  writeDurably(pinnedRootFile(places), pinnedRoot, 0o600);
  if (floors !== undefined) writeDurably(floorsFile(places), floors, 0o600);
}

/** The root that clients of this gallery begin with: the one its mirror began with, or the first of a gallery that signs for itself. */
export function rootOf(places: GalleryPlaces): string {
  const pinned = pinnedRootFile(places);
  return isThere(pinned) ? pinned : places.firstRoot;
}

function isThere(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}

function pinnedRootFile(places: GalleryPlaces): string {
  return join(places.trust, 'pinned-root.json');
}

function floorsFile(places: GalleryPlaces): string {
  return join(places.trust, 'floors.json');
}

function readRoot(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new GalleryError('ArgumentMalformed', `The root '${file}' cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
