/**
 * Changing where a gallery keeps its packages. What is new goes to the first storage; a storage is left only when nothing lies in it that the
 * others lack, so that no machine is ever sent to a package that is not there (S1.4).
 */
import { createHash, randomBytes } from 'node:crypto';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseBlobName, type BlobName, type RotatingStorage, type StorageAccount } from '@sallyport/blob-storage';
import { withLock } from '@sallyport/catalog';
import {
  openAccounts,
  readStorageSettings,
  requireStorages,
  writeStorageSettings,
  type StorageSettings,
} from '@sallyport/cloud-storage';
import { GalleryError } from '../gallery-error.ts';
import type { GalleryPlaces } from '../gallery-places.ts';

const patience = 60_000;

/**
 * Writes the settings, once every storage has shown that it can be used. Throws `StorageAddressMalformed`, `StorageUnavailable`, and
 * `StorageInUse` when packages would be left behind, unless that is wanted; then nothing has changed.
 */
export async function changeStorage(places: GalleryPlaces, wanted: StorageSettings, leave: boolean): Promise<void> {
  requireStorages(wanted);
  const surroundings = { folder: places.gallery, environment: process.env };
  const storage = await openAccounts(wanted, surroundings);
  for (const account of storage.accounts) await requireUsable(account);
  const change = async (): Promise<void> => {
    if (!leave) await requireNothingLeft(places, storage, wanted);
    writeStorageSettings(places.gallery, wanted);
  };
  // Whoever names a package meanwhile waits, and looks afterwards whether it is where the settings then say.
  const folder = lockFolder(places);
  await (folder === undefined ? change() : withLock(join(folder, 'lock'), patience, change));
}

/** Of a gallery, or a mirror. There is none before the first `init` or `mirror`, and nobody to wait for. */
function lockFolder({ keysDirectory, trust }: GalleryPlaces): string | undefined {
  return [keysDirectory, trust].find((folder) => statSync(folder, { throwIfNoEntry: false }) !== undefined);
}

/** Reads, and where new packages go also writes and removes. */
async function requireUsable({ storage, takesNew }: StorageAccount): Promise<void> {
  const bytes = randomBytes(32);
  const name = parseBlobName(`${createHash('sha256').update(bytes).digest('hex')}.probe`);
  if (name === undefined) throw new Error('a SHA-256 makes a blob name');
  await storage.has(name);
  if (!takesNew) return;
  await storage.put(name, once(bytes));
  await storage.remove(name);
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function requireNothingLeft(
  places: GalleryPlaces,
  storage: RotatingStorage,
  wanted: StorageSettings,
): Promise<void> {
  const kept = new Set(wanted.storages.map(({ address }) => address));
  const left = readStorageSettings(places.gallery).storages.filter(({ address }) => !kept.has(address));
  if (left.length === 0) return;
  const there = await namesIn(storage);
  for (const { address } of left) {
    const one = { storages: [{ address, emptying: true }] };
    const old = await openAccounts(one, { folder: places.gallery, environment: process.env });
    const only = [...(await namesIn(old))].filter((name) => !there.has(name));
    if (only.length === 0) continue;
    const [name = ''] = old.accounts.map((account) => account.name);
    throw new GalleryError(
      'StorageInUse',
      `'${name}' has what no other storage has, ${only.length} of its packages: name it with --emptying and run 'sallyport gallery storage move', or leave that behind with --leave.`,
    );
  }
}

/** Everything that a storage has. */
export async function namesIn(storage: Pick<RotatingStorage, 'list'>): Promise<ReadonlySet<BlobName>> {
  const names = new Set<BlobName>();
  for await (const name of storage.list()) names.add(name);
  return names;
}
