/** The packages of the gallery, wherever its settings say that they are. The settings are looked at again whenever they are asked. */
import { stat } from 'node:fs/promises';
import {
  FolderStorage,
  parseBlobName,
  type BlobName,
  type RotatingStorage,
  type StoredBlob,
} from '@sallyport/blob-storage';
import { openAccounts, readStorageSettings, storageSettingsFile, type StorageSettings } from '@sallyport/cloud-storage';
import { messageOf, packageBlobName } from '@sallyport/model';
import type { Log } from '../http/log.ts';

export interface PackageStorage {
  open(name: BlobName): Promise<StoredBlob | undefined>;
  /** Those of the packages that are there, by their SHA-256. */
  present(sha256s: Iterable<string>): Promise<ReadonlySet<string>>;
  /** Where a machine may fetch the package, best first. `own` is the control plane's URL for it. */
  urls(sha256: string, own: string): Promise<readonly string[]>;
}

/** How long a signed URL is good. Whoever needs it later asks for a new one. */
const urlSeconds = 15 * 60;
/** How old the list of a cloud's storage may be for what was on it, and for what was not. */
const listedMilliseconds = 60_000;
const missedMilliseconds = 5_000;
/** A mirror lacks many packages for good; a gallery only those that were just published. */
const fewEnoughToAsk = 8;

interface Opened {
  readonly version: string;
  readonly settings: StorageSettings;
  readonly storage: RotatingStorage;
  /** When these are all there is, what is there is seen at once. */
  readonly folders: readonly FolderStorage[] | undefined;
  listed: Listed | undefined;
}

interface Listed {
  readonly at: number;
  readonly names: Set<string>;
  /** Of folders, whose list is good as long as it is what they have; undefined when that cannot be told. */
  readonly stamp: string | undefined;
}

/** Opens nothing yet. `now` is in milliseconds, and only durations are made of it. */
export function openPackageStorage(gallery: string, now: () => number, log: Log): PackageStorage {
  let current: Opened | undefined;

  async function opened(): Promise<Opened> {
    const version = await versionOf(storageSettingsFile(gallery));
    if (current?.version === version) return current;
    const settings = readStorageSettings(gallery);
    const storage = await openAccounts(settings, { folder: gallery, environment: process.env });
    const folders = storage.accounts.flatMap((account) =>
      account.storage instanceof FolderStorage ? [account.storage] : [],
    );
    const isFolders = folders.length === storage.accounts.length;
    current = { version, settings, storage, folders: isFolders ? folders : undefined, listed: undefined };
    return current;
  }

  return {
    open: async (name) => (await opened()).storage.open(name),
    async present(sha256s) {
      const from = await opened();
      const wanted = [...sha256s];
      const names = await namesAmong(from, wanted.map(packageBlobName), now());
      return new Set(wanted.filter((sha256) => names.has(packageBlobName(sha256))));
    },
    async urls(sha256, own) {
      const name = parseBlobName(packageBlobName(sha256));
      if (name === undefined) return [];
      try {
        const { settings, storage } = await opened();
        if (settings.delivery === 'proxied') return [own];
        return [...new Set((await storage.directUrls(name, urlSeconds)).map((url) => url ?? own))];
      } catch (error) {
        // A machine that only has something to remove, or finds the package there nevertheless, is not held up by that.
        log.error({ msg: 'the package storage gives no URLs', reason: messageOf(error) });
        return [own];
      }
    },
  };
}

/**
 * The names that are there: at least those of `wanted`. Folders are listed when something has changed in them; a cloud's storage now and
 * then, and it is asked for the few that are new.
 */
async function namesAmong(from: Opened, wanted: readonly string[], now: number): Promise<ReadonlySet<string>> {
  const { folders, listed, storage } = from;
  if (folders !== undefined) {
    // Looked at before the list is read: what changes meanwhile makes it another one.
    const stamp = await stampOf(folders);
    return stamp !== undefined && listed?.stamp === stamp ? listed.names : list(from, now, stamp);
  }
  const age = listed === undefined ? Infinity : now - listed.at;
  if (listed !== undefined && age < listedMilliseconds) {
    const missing = wanted.flatMap((text) => (listed.names.has(text) ? [] : (parseBlobName(text) ?? [])));
    if (missing.length > fewEnoughToAsk && age > missedMilliseconds) return list(from, now);
    if (missing.length <= fewEnoughToAsk) {
      const there = await Promise.all(missing.map((name) => storage.has(name)));
      for (const [i, name] of missing.entries()) if (there[i] === true) listed.names.add(name);
    }
    return listed.names;
  }
  return list(from, now);
}

async function list(from: Opened, now: number, stamp?: string): Promise<ReadonlySet<string>> {
  const names = new Set<string>();
  for await (const name of from.storage.list()) names.add(name);
  from.listed = { at: now, names, stamp };
  return names;
}

async function stampOf(folders: readonly FolderStorage[]): Promise<string | undefined> {
  const stamps = await Promise.all(folders.map((folder) => folder.stamp()));
  return stamps.includes(undefined) ? undefined : stamps.join(', ');
}

/** Changes whenever the file does. */
async function versionOf(file: string): Promise<string> {
  try {
    const { ino, size, mtimeMs } = await stat(file);
    return `${ino} ${size} ${mtimeMs}`;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return 'none';
    throw error;
  }
}
