/**
 * Publishing: check and scan while the copy is written, let it be seen, sign, in this order. The package is durable in storage before the catalog names it, so that no machine is
 * ever sent to a package that is not there. Whoever dies in between leaves at most a package that nobody names.
 */
import { open, type FileHandle } from 'node:fs/promises';
import { hashFile } from '@sallyport/archive';
import { BlobMismatch, parseBlobName, type BlobName, type BlobStorage } from '@sallyport/blob-storage';
import type { NewTarget, Repository } from '@sallyport/catalog';
import { openGalleryStorage } from '@sallyport/cloud-storage';
import { messageOf, packageBlobName } from '@sallyport/model';
import type { CatalogTarget } from '@sallyport/model/wire';
import { GalleryError } from '../gallery-error.ts';
import type { GalleryPlaces } from '../gallery-places.ts';
import { checkPackage } from './check-package.ts';
import { scanPackage } from '../scan/package-scan.ts';
import { readScanPolicy } from '../scan/scan-policy.ts';
import { packageIdentity, type SaidIdentity } from './package-identity.ts';

export interface PublishingGallery {
  readonly places: GalleryPlaces;
  readonly repository: Repository;
  readonly now: () => Date;
  /** Told what is being done, and how many of how many bytes of it are. */
  readonly progress?: (step: string, done: number, total: number) => void;
}

/** What is decided by whoever publishes. */
export type Release = Pick<
  CatalogTarget,
  'operatingSystem' | 'architecture' | 'channel' | 'origin' | 'needsNetworkToInstall'
>;

export interface Published {
  readonly target: NewTarget;
  readonly outcome: 'added' | 'present';
}

/** What the gallery's log says of it. */
export function publishedForLog({ target, outcome }: Published): Readonly<Record<string, unknown>> {
  const { name, version, length, sha256, scan } = target;
  return { name: `${name.publisher}/${name.type}`, version, length, sha256, scan, result: outcome };
}

/** Unfinished work that nobody has touched for a day belongs to a process that died. */
const abandonedAfter = 24 * 60 * 60 * 1000;

/**
 * Publishes a package file. Throws what refuses it; then nothing is published. One that is renamed goes by what `said` says alone: its own
 * words are those of its origin.
 */
export async function publishPackage(
  { places, repository, now, progress = () => {} }: PublishingGallery,
  file: string,
  said: SaidIdentity,
  release: Release,
  isRenamed = false,
): Promise<Published> {
  // Before the long work: a gallery that is not there, or damaged, says so at once.
  const publishers = (await repository.publishers()).map(({ name }) => name);
  const handle = await openPackage(file);
  try {
    progress('Hashing', 0, 1);
    const { length, sha256 } = hashFile(handle.fd);
    progress('Checking', 0, length);
    const stopped = new AbortController();
    const examine = async (): Promise<NewTarget> => {
      const checked = await checkPackage(handle.fd, (done, total) => progress('Checking', done, total));
      const identity = packageIdentity(said, isRenamed ? {} : checked.said, isRenamed ? '' : file, publishers);
      const { operatingSystem, architecture, channel, origin, needsNetworkToInstall } = release;
      const unscanned: NewTarget = {
        ...identity,
        operatingSystem,
        architecture,
        length,
        sha256,
        ...(checked.supportsMultipleExtensions ? { supportsMultipleExtensions: true } : {}),
        ...(needsNetworkToInstall === true ? { needsNetworkToInstall } : {}),
        ...(channel === undefined ? {} : { channel }),
        ...(origin === undefined ? {} : { origin }),
      };
      await repository.requirePublishable(unscanned);
      stopped.signal.throwIfAborted();
      const policy = readScanPolicy(places);
      const scan = await scanPackage(handle, policy, now, (done) => progress('Scanning', done, length));
      progress('Storing', length, length);
      return { ...unscanned, scan };
    };
    const target = await storeExamined(await openGalleryStorage(places.gallery), handle, sha256, examine, stopped);
    const outcome = await repository.addTarget(target);
    // Between storing and naming it was nobody's, and may have been collected as garbage or left behind in a storage that is none any more.
    // From now on nobody takes it.
    const storage = await openGalleryStorage(places.gallery);
    if (!(await storage.has(blobName(sha256)))) await store(storage, handle, sha256, Promise.resolve());
    await storage.sweep(new Date(now().getTime() - abandonedAfter));
    return { target, outcome };
  } finally {
    await handle.close();
  }
}

/**
 * Writes the copy while the package is examined; it gets its name, without which nobody sees it, only when it has passed (S1.2, S1.3).
 * Ends when both have ended, so that nobody reads the file any more.
 */
async function storeExamined(
  storage: BlobStorage,
  handle: FileHandle,
  sha256: string,
  examine: () => Promise<NewTarget>,
  stopped: AbortController,
): Promise<NewTarget> {
  const examined = examine();
  const stored = store(storage, handle, sha256, examined);
  stored.catch((error: unknown) => stopped.abort(error));
  const [target, copy] = await Promise.allSettled([examined, stored]);
  if (target.status === 'rejected') throw target.reason;
  if (copy.status === 'rejected') throw copy.reason;
  return target.value;
}

/** Everything is read through one descriptor: what is checked, hashed and stored is one file, whatever its name points to by then. */
async function openPackage(file: string): Promise<FileHandle> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new GalleryError('FileUnreadable', `The package '${file}' cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  });
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  throw new GalleryError('FileUnreadable', `'${file}' is not a file: name a package, <Publisher.Type>-<version>.zip.`);
}

function blobName(sha256: string): BlobName {
  const name = parseBlobName(packageBlobName(sha256));
  if (name === undefined) throw new Error('a SHA-256 makes a blob name');
  return name;
}

/** Stores the file's content, once `passed` has let it. */
async function store(
  storage: BlobStorage,
  handle: FileHandle,
  sha256: string,
  passed: Promise<unknown>,
): Promise<void> {
  try {
    await storage.put(blobName(sha256), contentOnce(handle, passed));
  } catch (error) {
    // The storage hashes what it writes: a file that changed since it was checked and scanned is refused here (S1.2).
    if (!(error instanceof BlobMismatch)) throw error;
    const message = 'The package changed while it was being published: run the command again.';
    throw new GalleryError('FileUnreadable', message, { cause: error });
  }
}

/** Content that has no end, and so is nothing, until `passed` has come to its own; it throws what that throws. */
async function* contentOnce(handle: FileHandle, passed: Promise<unknown>): AsyncGenerator<Uint8Array> {
  yield* handle.createReadStream({
    start: 0,
    autoClose: false,
    highWaterMark: 1024 * 1024,
  }) as AsyncIterable<Buffer>;
  await passed;
}
