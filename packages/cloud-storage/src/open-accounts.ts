/** Several storage accounts in one text: addresses separated by blanks, the first takes what is new; `-` before those being emptied. */
import { RotatingStorage } from '@sallyport/blob-storage';
import { openStorage, StorageAddressError } from './open-storage.ts';

/** Opens them all as one storage. */
export async function openAccounts(
  text: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Promise<RotatingStorage> {
  const words = text.split(/\s+/).filter((word) => word !== '');
  if (words.length === 0) throw new StorageAddressError('There is no address of a storage.');
  return new RotatingStorage(
    await Promise.all(
      words.map(async (word) => {
        const emptied = word.startsWith('-');
        const name = emptied ? word.slice(1) : word;
        return { name, storage: await openStorage(name, environment), takesNew: !emptied };
      }),
    ),
  );
}
