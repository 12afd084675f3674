import { existsSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import type { RotatingStorage } from '@sallyport/blob-storage';
import {
  isFolder,
  openAccounts,
  openGalleryStorage,
  readStorageSettings,
  storageName,
  type StorageSettings,
} from '@sallyport/cloud-storage';
import { RepositoryError } from '@sallyport/catalog';
import { CodedError } from '@sallyport/model';
import { answer, type CommonFlags, type GalleryContext } from '../context.ts';
import { logged } from '../gallery-log.ts';
import { counted } from '../counted.ts';
import { galleryPlaces } from '../gallery-places.ts';
import { progressBar } from '../progress-bar.ts';
import { changeStorage, namesIn } from '../storage/change-storage.ts';

export interface StorageSetFlags extends CommonFlags {
  readonly emptying?: readonly string[];
  readonly delivery?: StorageSettings['delivery'];
  readonly leave: boolean;
}

/** Says where packages are kept, and how many lie where. */
export async function storageShow(this: GalleryContext, flags: CommonFlags): Promise<void> {
  requireGallery(flags.gallery);
  const { delivery, storages } = readStorageSettings(flags.gallery);
  const shown = await Promise.all(storages.map((each) => look(flags.gallery, each)));
  answer(this, flags, { delivery, storages: shown }, [
    ...shown.map(
      ({ address, emptying, packages, trouble }) =>
        `${address}  ${emptying ? 'being emptied' : 'in use'}  ${trouble ?? counted(packages ?? 0, 'package')}`,
    ),
    ways[delivery],
  ]);
}

const ways: Readonly<Record<StorageSettings['delivery'], string>> = {
  direct: 'Machines download straight from storage where it has URLs of its own, else from the control plane.',
  proxied: 'Machines download from the control plane only.',
};

interface Shown {
  readonly address: string;
  readonly emptying: boolean;
  readonly packages?: number;
  /** Why it cannot be told what lies there. */
  readonly trouble?: string;
}

async function look(gallery: string, each: StorageSettings['storages'][number]): Promise<Shown> {
  try {
    const storage = await openAccounts({ storages: [each] }, { folder: gallery, environment: process.env });
    return { ...each, packages: (await namesIn(storage)).size };
  } catch (error) {
    if (!(error instanceof CodedError)) throw error;
    return { ...each, trouble: `${error.code}: ${error.message}` };
  }
}

/** Sets where packages are kept. What is not given stays as it was, except the addresses: those named are all there are. */
export async function storageSet(
  this: GalleryContext,
  flags: StorageSetFlags,
  ...addresses: readonly string[]
): Promise<void> {
  requireGallery(flags.gallery);
  const places = galleryPlaces(flags.gallery);
  const of = (emptying: boolean) => (address: string) => ({ address: keptAddress(flags.gallery, address), emptying });
  const settings: StorageSettings = {
    format: 1,
    delivery: flags.delivery ?? readStorageSettings(flags.gallery).delivery,
    storages: [...addresses.map(of(false)), ...(flags.emptying ?? []).map(of(true))],
  };
  const { storages, delivery } = settings;
  await logged(
    { places, now: this.now },
    { act: 'storage set', details: { storages, delivery, leave: flags.leave } },
    () => changeStorage(places, settings, flags.leave),
    () => ({}),
  );
  answer(this, flags, settings, [`New packages go to ${storages[0]?.address ?? ''}.`, ways[delivery]]);
}

/** Copies what lies only in storages that are being emptied to the one that takes what is new. */
export async function storageMove(this: GalleryContext, flags: CommonFlags): Promise<void> {
  requireGallery(flags.gallery);
  const places = galleryPlaces(flags.gallery);
  const bar = progressBar(this);
  const moved = await logged(
    { places, now: this.now },
    { act: 'storage move', details: {} },
    async () => moveOut(await openGalleryStorage(flags.gallery), bar.show),
    (names) => ({ moved: names }),
  ).finally(bar.clear);
  const emptied = readStorageSettings(flags.gallery).storages.filter(({ emptying }) => emptying);
  answer(this, flags, { moved }, [
    `Copied ${counted(moved.length, 'package')}. ${
      emptied.length === 0
        ? 'No storage is being emptied.'
        : `Nothing lies only in '${emptied.map(({ address }) => storageName(address)).join("', '")}' any more: leave it out with 'storage set'.`
    }`,
  ]);
}

async function moveOut(
  storage: RotatingStorage,
  show: (step: string, done: number, total: number) => void,
): Promise<readonly string[]> {
  const total = (await namesIn(storage)).size;
  const moved: string[] = [];
  show('Moving', 0, total);
  for await (const name of storage.moveOut()) {
    moved.push(name);
    show('Moving', moved.length, total);
  }
  return moved;
}

/** A folder inside the gallery is kept relative to it, so that the gallery can be moved; another one is kept absolute. */
function keptAddress(gallery: string, address: string): string {
  if (!isFolder(address) || address.trim() === '') return address;
  const within = relative(resolve(gallery), resolve(address));
  return within !== '' && !within.startsWith('..') && !isAbsolute(within) ? within : resolve(address);
}

function requireGallery(gallery: string): void {
  if (existsSync(gallery)) return;
  throw new RepositoryError(
    'RepositoryMissing',
    `There is no folder '${gallery}': name the folder of a gallery, or make one.`,
  );
}
