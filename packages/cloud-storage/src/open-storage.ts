/** A storage by its address: a folder, `s3://bucket/prefix`, or `azblob://container/prefix`. Credentials never stand in it. */
import { isAbsolute, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FolderStorage, type BlobStorage } from '@sallyport/blob-storage';
import { CodedError } from '@sallyport/model';
import { NamedStorage } from './named-storage.ts';

/** The address of a storage cannot be used. */
export class StorageAddressError extends CodedError<'StorageAddressMalformed'> {
  override readonly name = 'StorageAddressError';
  constructor(message: string) {
    super('StorageAddressMalformed', message);
  }
}

type Environment = Readonly<Record<string, string | undefined>>;

/** What there is besides the address. */
export interface StorageSurroundings {
  /** Where relative folders are. */
  readonly folder: string;
  readonly environment: Environment;
}

interface Scheme {
  /** The parameters it takes besides `publicUrl`. */
  readonly parameters: readonly string[];
  open(url: URL, environment: Environment): Promise<BlobStorage>;
}

/**
 * Opens the storage at an address; the libraries of the clouds are loaded only for one of theirs. S3 takes `region`, `endpoint` and
 * `pathStyle` as parameters and its credentials from the environment, a profile or the machine, as every AWS program does; Azure takes a
 * connection string from the environment variable named by `connection` (AZURE_STORAGE_CONNECTION_STRING). With `publicUrl` everybody may
 * read the blobs there. Throws {@link StorageAddressError}.
 */
export async function openStorage(address: string, surroundings: StorageSurroundings): Promise<BlobStorage> {
  if (isFolder(address)) return new FolderStorage(isAbsolute(address) ? address : join(surroundings.folder, address));
  const { url, scheme } = parseAddress(address);
  const opened = await scheme.open(url, surroundings.environment);
  return new NamedStorage(storageName(address), opened, publicUrlOf(url));
}

/** Throws {@link StorageAddressError} with what is wrong with an address. Opens nothing. */
export function requireStorageAddress(address: string): void {
  if (address.trim() === '') throw new StorageAddressError('An address of a storage is empty: give a folder or a URL.');
  if (!isFolder(address)) parseAddress(address);
}

/** How messages call it: its address, without parameters. */
export function storageName(address: string): string {
  return isFolder(address) ? address : address.replace(/[?#].*$/, '');
}

/** Whether it is the path of a folder. */
export function isFolder(address: string): boolean {
  return !/^[a-z][a-z0-9+.-]+:/i.test(address);
}

function parseAddress(address: string): { readonly url: URL; readonly scheme: Scheme } {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  const scheme = url === undefined ? undefined : schemes[url.protocol];
  if (url === undefined || scheme === undefined || (url.protocol !== 'file:' && url.hostname === '')) {
    throw new StorageAddressError(
      `'${storageName(address)}' is not the address of a storage: give a folder, s3://bucket/prefix or azblob://container/prefix.`,
    );
  }
  if (url.username !== '' || url.password !== '') throw new StorageAddressError(noSecrets);
  const known = [...scheme.parameters, 'publicUrl'];
  for (const [name, value] of url.searchParams) {
    if (known.includes(name) && value !== '') continue;
    throw new StorageAddressError(
      `'${name}' in the address ${storageName(address)} is not a parameter with a value. There are: ${known.join(', ')}.`,
    );
  }
  const endpoint = url.searchParams.get('endpoint');
  if (endpoint !== null) requirePlainUrl('endpoint', endpoint);
  publicUrlOf(url);
  return { url, scheme };
}

const noSecrets = 'The address of a storage holds no user name or password: put them into the environment.';

function requirePlainUrl(name: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new StorageAddressError(`The parameter '${name}' is to be http(s)://host[:port][/path], and nothing more.`);
  }
  if (url.username !== '' || url.password !== '') throw new StorageAddressError(noSecrets);
  return url;
}

function publicUrlOf(address: URL): string | undefined {
  const text = address.searchParams.get('publicUrl');
  if (text === null) return undefined;
  const { href } = requirePlainUrl('publicUrl', text);
  return href.endsWith('/') ? href : `${href}/`;
}

const schemes: Readonly<Record<string, Scheme>> = {
  'file:': {
    parameters: [],
    open: async (url) => new FolderStorage(fileURLToPath(`file://${url.pathname}`)),
  },
  's3:': {
    parameters: ['region', 'endpoint', 'pathStyle'],
    async open(url) {
      const [{ S3Client }, { S3Storage }] = await Promise.all([
        import('@aws-sdk/client-s3'),
        import('./s3-storage.ts'),
      ]);
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
  },
  'azblob:': {
    parameters: ['connection'],
    async open(url, environment) {
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
  },
};

function prefixOf(url: URL): string {
  const path = url.pathname.replace(/^\/+|\/+$/g, '');
  return path === '' ? '' : `${path}/`;
}
