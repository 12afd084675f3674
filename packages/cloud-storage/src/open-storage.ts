/** A storage by its address: a folder, `s3://bucket/prefix`, or `azblob://container/prefix`. Credentials never stand in it. */
import { isAbsolute, resolve } from 'node:path';
import { CodedError } from '@sallyport/model';
import { FolderStorage, type BlobStorage } from '@sallyport/blob-storage';

/** The address of a storage cannot be used. */
export class StorageAddressError extends CodedError<'StorageAddressMalformed'> {
  override readonly name = 'StorageAddressError';
  constructor(message: string) {
    super('StorageAddressMalformed', message);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Opens the storage at an address. The libraries of the clouds are loaded only for an address of theirs. S3 takes `region`, `endpoint`
 * and `pathStyle` as parameters and its credentials from the environment, a profile or the machine, as every AWS program does; Azure
 * takes a connection string from the environment variable named by `connection` (AZURE_STORAGE_CONNECTION_STRING).
 */
export async function openStorage(address: string, environment: Environment = process.env): Promise<BlobStorage> {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(address)) {
    return new FolderStorage(isAbsolute(address) ? address : resolve(address));
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const open = url === undefined ? undefined : byScheme[url.protocol];
  if (url === undefined || open === undefined) {
    throw new StorageAddressError(
      `'${address}' is not the address of a storage: give a folder, s3://bucket/prefix or azblob://container/prefix.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new StorageAddressError(
      'The address of a storage holds no user name or password: put them into the environment.',
    );
  }
  return open(url, environment);
}

const byScheme: Readonly<Record<string, (url: URL, environment: Environment) => Promise<BlobStorage>>> = {
  's3:': async (url) => {
    const [{ S3Client }, { S3Storage }] = await Promise.all([import('@aws-sdk/client-s3'), import('./s3-storage.ts')]);
    const endpoint = url.searchParams.get('endpoint');
    const region = url.searchParams.get('region');
    const client = new S3Client({
      ...(region !== null && { region }),
      ...(endpoint !== null && { endpoint }),
      forcePathStyle: url.searchParams.get('pathStyle') === 'true',
      // Whole blobs are checked by their SHA-256; not every server that speaks S3 knows the newer checksums.
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
    return new S3Storage({ client, bucket: url.hostname, prefix: prefixOf(url) });
  },
  'azblob:': async (url, environment) => {
    const [{ ContainerClient }, { AzureStorage }] = await Promise.all([
      import('@azure/storage-blob'),
      import('./azure-storage.ts'),
    ]);
    const variable = url.searchParams.get('connection') ?? 'AZURE_STORAGE_CONNECTION_STRING';
    const connection = environment[variable];
    if (connection === undefined || connection === '') {
      throw new StorageAddressError(
        `The environment variable ${variable} is to hold the connection string of the storage account.`,
      );
    }
    return new AzureStorage(new ContainerClient(connection, url.hostname), prefixOf(url));
  },
};

function prefixOf(url: URL): string {
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `${path}/`;
}
