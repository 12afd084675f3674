/** Several storage accounts as one storage: the first that is not being emptied takes what is new. */
import { RotatingStorage } from '@sallyport/blob-storage';
import { openStorage, storageName, type StorageSurroundings } from './open-storage.ts';
import { readStorageSettings, type StorageSettings } from './storage-settings.ts';

/** Opens them all. Throws `StorageAddressMalformed`; whether they can be reached shows when they are used. */
export async function openAccounts(
  { storages }: Pick<StorageSettings, 'storages'>,
  surroundings: StorageSurroundings,
): Promise<RotatingStorage> {
  return new RotatingStorage(
    await Promise.all(
      storages.map(async ({ address, emptying }) => {
        const storage = await openStorage(address, surroundings);
        return { name: storageName(address), storage, takesNew: !emptying };
      }),
    ),
  );
}

/** The storage of the gallery in a folder, as its settings are now. */
export async function openGalleryStorage(gallery: string): Promise<RotatingStorage> {
  return openAccounts(readStorageSettings(gallery), { folder: gallery, environment: process.env });
}
