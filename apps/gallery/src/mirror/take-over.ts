/**
 * Taking a gallery over from a source, whole or not at all: everything is verified as a client verifies it, then packages are stored, and
 * the timestamp is written last, which makes the rest visible in one step. Whatever is refused leaves the mirror as it was (T83, T84).
 */
import { join } from 'node:path';
import { BlobMismatch, parseBlobName, type BlobName } from '@sallyport/blob-storage';
import { copyCatalog, withLock, type CatalogCopy, type SignedPackage } from '@sallyport/catalog';
import { openGalleryStorage } from '@sallyport/cloud-storage';
import { makeDirectories, readIfThere, writeDurably } from '@sallyport/durable-files';
import { OperationFailure, packageBlobName } from '@sallyport/model';
import type { GalleryPlaces } from '../gallery-places.ts';
import type { GallerySource } from './gallery-source.ts';
import { keepMirrorTrust, readMirrorTrust } from './mirror-trust.ts';

export interface TakeOver {
  readonly places: GalleryPlaces;
  readonly source: GallerySource;
  readonly rootFile: string | undefined;
  /** The packages to have, of those that the catalog names. */
  readonly choose: (packages: readonly SignedPackage[]) => readonly SignedPackage[];
  readonly now: () => Date;
  readonly progress: (step: string, done: number, total: number) => void;
}

/** What came. */
export interface TakenOver {
  /** Whether the catalog or a package is new here. */
  readonly outcome: 'taken' | 'present';
  /** When the catalog that is here now was signed. */
  readonly issued: string | undefined;
  readonly packages: number;
  readonly newPackages: number;
  readonly bytes: number;
  readonly unusable: CatalogCopy['unusable'];
}

const patience = 60_000;

/** Throws what a client would throw, `PackageMismatch`, `PackageOversized`, `PackageMissing`; then nothing has changed. */
export async function takeOver(order: TakeOver): Promise<TakenOver> {
  const { places, now } = order;
  // Refused before a folder is made for it.
  readMirrorTrust(places, order.rootFile);
  makeDirectories(places.trust, 0o700);
  return withLock(join(places.trust, 'lock'), patience, async () => {
    const trust = readMirrorTrust(places, order.rootFile);
    order.progress('Verifying', 0, 1);
    const copy = await copyCatalog({ ...trust, fetch: order.source.fetch, now: now() });
    const chosen = order.choose(copy.packages);
    const stored = await storePackages(order, chosen);
    makeDirectories(places.directory, 0o755);
    const isNew = [...copy.files].some(([file, bytes]) => !isThere(places, file, bytes));
    for (const [file, bytes] of copy.files) {
      // The floors come before what they protect is visible: after a crash in between, the same source is taken over again.
      if (file === 'timestamp.json') keepMirrorTrust(places, { ...trust, floors: copy.floors });
      if (!isThere(places, file, bytes)) writeDurably(join(places.directory, file), bytes, 0o644);
    }
    return {
      outcome: isNew || stored.length > 0 ? 'taken' : 'present',
      issued: copy.issued,
      packages: chosen.length,
      newPackages: stored.length,
      bytes: stored.reduce((sum, { length }) => sum + length, 0),
      unusable: copy.unusable,
    };
  });
}

function isThere(places: GalleryPlaces, file: string, bytes: Uint8Array): boolean {
  return readIfThere(join(places.directory, file))?.equals(bytes) === true;
}

/** Stores what is not there yet. When one of them is refused, those before it go as well: nothing names them here. */
async function storePackages(
  { places, source, progress }: TakeOver,
  packages: readonly SignedPackage[],
): Promise<readonly SignedPackage[]> {
  const storage = await openGalleryStorage(places.gallery);
  const total = packages.reduce((sum, { length }) => sum + length, 0);
  const stored: { readonly name: BlobName; readonly signed: SignedPackage }[] = [];
  let done = 0;
  try {
    for (const signed of packages) {
      const name = blobNameOf(signed);
      if ((await storage.open(name))?.length !== signed.length) {
        await storage.put(
          name,
          checked(signed, await source.open(name, signed.length), (length) =>
            progress('Copying', done + length, total),
          ),
        );
        stored.push({ name, signed });
      }
      done += signed.length;
      progress('Copying', done, total);
    }
  } catch (error) {
    for (const { name } of stored) await storage.remove(name);
    throw error instanceof BlobMismatch ? mismatch(error.message) : error;
  }
  return stored.map(({ signed }) => signed);
}

/** Ends a package at the first byte too many (T23); the storage compares the whole with its hash (T20). */
async function* checked(
  { length, path }: SignedPackage,
  content: AsyncIterable<Uint8Array>,
  onProgress: (length: number) => void,
): AsyncGenerator<Uint8Array> {
  let had = 0;
  for await (const chunk of content) {
    had += chunk.length;
    if (had > length) {
      throw new OperationFailure(
        'PackageOversized',
        `${path} has more than the ${length} bytes that were signed. Nothing was taken over.`,
      );
    }
    onProgress(had);
    yield chunk;
  }
  if (had !== length) throw mismatch(`${path} has ${had} bytes instead of ${length}`);
}

/** The name under which a package is stored. */
export function blobNameOf({ sha256 }: Pick<SignedPackage, 'sha256'>): BlobName {
  const name = parseBlobName(packageBlobName(sha256));
  if (name === undefined) throw new Error('a SHA-256 makes a blob name');
  return name;
}

function mismatch(detail: string): OperationFailure {
  return new OperationFailure(
    'PackageMismatch',
    `A package is not the one that its publisher signed: ${detail.replace(/\.$/, '')}. Nothing was taken over.`,
  );
}
