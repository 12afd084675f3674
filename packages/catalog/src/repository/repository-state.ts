/**
 * What the catalog says now, read as strictly as a client reads it: from the root that lies with the keys, through every signature.
 * Signing on top of files that somebody changed would make the change genuine. Only expiry is not held against it: signing anew is
 * how an expired catalog comes back.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Metadata, Root, Snapshot, Targets, Timestamp } from '@tufjs/models';
import { messageOf } from '@sallyport/model';
import { requireCanonical } from '../canonical-metadata.ts';
import { trustedStore, type TrustedStore } from '../client/trusted-store.ts';
import { readIfThere } from '@sallyport/durable-files';
import { timestampFile, versionedFile } from '../layout.ts';
import type { KeyPassphrases } from './key-passphrases.ts';
import { readPending } from './pending-change.ts';
import { RepositoryError } from './repository-error.ts';

/** Where a repository lies. */
export interface RepositoryPlace {
  /** The public files. */
  readonly directory: string;
  /** The keys, and the first root as `root.json`. */
  readonly keysDirectory: string;
  /** More folders with keys, as a holder of a root key brings one. */
  readonly otherKeys?: readonly string[];
  /** What opens sealed keys, and seals new ones. */
  readonly passphrases?: KeyPassphrases;
}

export interface RepositoryState {
  readonly root: Metadata<Root>;
  readonly timestamp: Metadata<Timestamp>;
  readonly snapshot: Metadata<Snapshot>;
  readonly targets: Metadata<Targets>;
  /** The newest root as its file has it. */
  readonly rootBytes: Uint8Array;
  /** Whether the timestamp is one that a change that died had not made public yet. */
  readonly unfinished: boolean;
  readonly timestampBytes: Uint8Array;
  /** A delegated role; undefined when `targets` does not delegate to it. */
  delegated(role: string): Promise<Metadata<Targets> | undefined>;
}

/** What whoever changes the catalog holds meanwhile. It lies with the keys: who cannot sign cannot hold up those who can. */
export function lockFile(place: RepositoryPlace): string {
  return join(place.keysDirectory, 'lock');
}

/** Beside the keys: the root that this repository trusts. */
export const trustedRootFile = 'root.json';

/** Reads and verifies. Throws `RepositoryMissing` or `RepositoryDamaged`. */
export async function readRepository(place: RepositoryPlace): Promise<RepositoryState> {
  const { directory } = place;
  const firstRoot = readIfThere(join(place.keysDirectory, trustedRootFile));
  const timestampBytes = readIfThere(join(directory, timestampFile));
  if (firstRoot === undefined || timestampBytes === undefined) {
    throw new RepositoryError(
      'RepositoryMissing',
      `There is no catalog in '${directory}': make one with 'sallyport-gallery init'.`,
    );
  }
  return verified(directory, async () => {
    const store = trustedStore(firstRoot, new Date(0));
    const rootBytes = (await followRoots(directory, store)) ?? firstRoot;
    const pending = readPending(place.keysDirectory);
    // The root of the change is there, so it was made; whether its timestamp is, makes no difference.
    const unfinished =
      pending !== undefined && store.root.signed.version >= pending.root && isNewer(pending.timestamp, timestampBytes);
    const current = unfinished ? pending.timestamp : timestampBytes;
    const timestamp = store.updateTimestamp(requireCanonical(current));
    const snapshotFile = versionedFile('snapshot', timestamp.signed.snapshotMeta.version);
    const snapshot = store.updateSnapshot(requireCanonical(await readFile(join(directory, snapshotFile))));
    const targets = await readTargets(directory, store, 'targets', 'root');
    return {
      root: store.root,
      timestamp,
      snapshot,
      targets,
      rootBytes,
      unfinished,
      timestampBytes: current,
      async delegated(role: string) {
        if (targets.signed.delegations?.roles?.[role] === undefined) return undefined;
        const loaded = store.getRole(role);
        if (loaded !== undefined) return loaded;
        return verified(directory, async () => readTargets(directory, store, role, 'targets'));
      },
    };
  });
}

/** By the versions they say; both are verified when they are used. */
function isNewer(pending: Uint8Array, there: Uint8Array): boolean {
  const version = (bytes: Uint8Array): number => {
    const { signed } = JSON.parse(Buffer.from(bytes).toString('utf8')) as { signed: { version: unknown } };
    return Number(signed.version);
  };
  return version(pending) > version(there);
}

async function followRoots(directory: string, store: TrustedStore): Promise<Uint8Array | undefined> {
  let newest: Uint8Array | undefined;
  for (;;) {
    const next = readIfThere(join(directory, versionedFile('root', store.root.signed.version + 1)));
    if (next === undefined) return newest;
    store.updateRoot(requireCanonical(next));
    newest = next;
  }
}

async function readTargets(
  directory: string,
  store: TrustedStore,
  role: string,
  delegator: string,
): Promise<Metadata<Targets>> {
  const version = store.snapshot?.signed.meta[`${role}.json`]?.version ?? 0;
  const bytes = await readFile(join(directory, versionedFile(role, version)));
  store.updateDelegatedTargets(requireCanonical(bytes), role, delegator);
  const read = store.getRole(role);
  if (read === undefined) throw new Error('a verified role is in the store');
  return read;
}

async function verified<T>(directory: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw new RepositoryError(
      'RepositoryDamaged',
      `The catalog in '${directory}' is not what its keys signed, so nothing is added to it: ${messageOf(error).replace(/\.$/, '')}. Restore the directory from a copy.`,
      { cause: error },
    );
  }
}
