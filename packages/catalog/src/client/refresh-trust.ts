/**
 * The client's workflow of The Update Framework (specification 1.0, section 5), in its order: root, timestamp, snapshot, targets. The
 * decisions are tuf-js's (`TrustedMetadataStore`); the order, the fetching and the keeping are here. Nothing is kept that was not verified.
 */
import * as z from 'zod/mini';
import { BadVersionError, EqualVersionError, ExpiredMetadataError, RepositoryError } from 'tuf-js/dist/error.js';
import { lengthLimits, rootRotationLimit, timestampFile, versionedFile } from '../layout.ts';
import { catalogFailure, catalogForeign, catalogRollback } from './catalog-failure.ts';
import { OperationFailure } from '@sallyport/model';
import type { CatalogSource } from './catalog-source.ts';
import { loadTargets } from './load-targets.ts';
import type { RefreshRules } from './refresh-rules.ts';
import { raiseFloors } from './raise-floors.ts';
import { acceptedTime, timeWithin } from './signed-time.ts';
import { sha256Of, type TrustedDirectory } from './trusted-directory.ts';
import { isCurrent, keysOf, rootIsExpired, trustedStore, type TrustedStore } from './trusted-store.ts';
import { requireSameState, verifySnapshot } from './same-state.ts';
import { keeping, tryCached, verifying } from './verification.ts';
import { floorHolds, requireFloor, type VersionFloors } from './version-floors.ts';

/** What a refresh works with. `pinnedRoot` is where all trust begins; `now` is this machine's clock. */
export interface RefreshInput {
  readonly directory: TrustedDirectory;
  readonly source: CatalogSource;
  readonly pinnedRoot: Uint8Array;
  readonly floors: VersionFloors;
  readonly now: Date;
  readonly rules: RefreshRules;
  /** What the same process has refreshed before: it stands as long as the very same timestamp is offered. */
  readonly known?: Refreshed | undefined;
}

/** Trusted metadata, and the timestamp that vouches for all of it, byte for byte. */
export interface Refreshed {
  readonly store: TrustedStore;
  readonly timestamp: Uint8Array;
}

/**
 * Brings the trusted metadata up to date and returns it. With nothing new it costs one request, and nothing is verified twice by one process. Throws an `OperationFailure` with
 * `CatalogUnavailable`, `CatalogSignatureInvalid`, `CatalogExpired` or `CatalogRollback`.
 */
export async function refreshTrust(input: RefreshInput): Promise<Refreshed> {
  try {
    return await followWorkflow(input);
  } catch (error) {
    throw (await isForeign(input, error)) ? catalogForeign(versionedFile('root', versionOf(input.pinnedRoot))) : error;
  }
}

/**
 * Whether what is not signed by the right keys is the catalog of another gallery: then it has another root in the place of the pinned one.
 * Nothing is believed of the answer; it only names what is refused anyway.
 */
async function isForeign({ source, pinnedRoot, rules }: RefreshInput, error: unknown): Promise<boolean> {
  if (!(error instanceof OperationFailure) || error.code !== 'CatalogSignatureInvalid') return false;
  const file = versionedFile('root', versionOf(pinnedRoot));
  const theirs = await source.request(file, lengthLimits.root).catch(() => undefined);
  if (theirs === undefined || Buffer.from(theirs).equals(pinnedRoot)) return false;
  return tryCached(() => trustedStore(theirs, new Date(0), rules.form));
}

function versionOf(root: Uint8Array): number {
  return trustedStore(root, new Date(0), (bytes) => Buffer.from(bytes)).root.signed.version;
}

async function followWorkflow(input: RefreshInput): Promise<Refreshed> {
  const { directory, source, floors, now, rules, known } = input;
  const ask = async (): Promise<Uint8Array> => source.require(timestampFile, lengthLimits.timestamp);
  let offered = rules.rootFirst ? undefined : await ask();
  if (known !== undefined && offered !== undefined && stillStands(known, offered, floors, now)) return known;
  const cached = await directory.read('timestamp');
  let root = await startingRoot(input);
  let store = trustedStore(root, now, rules.form);
  // One request when nothing is new. Whoever rotates the root signs a new timestamp with it, and whoever could withhold the new
  // timestamp could as well withhold the new root.
  const isAccepted = store.root.signed.version === floors.root && !rootIsExpired(store, now);
  if (!isAccepted || offered === undefined || cached?.equals(offered) !== true) {
    const newest = await followRoots(input, store);
    if (newest !== undefined) {
      root = newest;
      // The timestamp at hand may have been signed before the rotation.
      offered = undefined;
    }
  }
  store = trustedStore(root, acceptedTime(now, floors, store), rules.form);
  const rootVersion = store.root.signed.version;
  if (rootVersion < floors.root) throw catalogRollback('root', rootVersion, floors.root);
  if ((await directory.read('root'))?.equals(root) !== true) await keeping('root.json', directory.keep('root', root));
  const rootTime = acceptedTime(now, floors, store);
  if (rootIsExpired(store, rootTime)) {
    throw catalogFailure(new ExpiredMetadataError(`it expired ${store.root.signed.expires}`), 'root.json');
  }
  const timestamp = await refreshTimestamp(input, store, cached, offered ?? (await ask()));
  await refreshSnapshot(input, store);
  await loadTargets(input, store, 'targets', 'root', rules);
  await raiseFloors(directory, floors, store, sha256Of(root));
  return { store, timestamp };
}

/** Whether verifying all of it anew would find the same: the same timestamp, the floors that it left, and no date that has passed since (T14, T21, T71). */
function stillStands({ store, timestamp }: Refreshed, offered: Uint8Array, floors: VersionFloors, now: Date): boolean {
  return (
    Buffer.from(timestamp).equals(offered) &&
    floors.root === store.root.signed.version &&
    floors.timestamp?.version === store.timestamp?.signed.version &&
    isCurrent(store, timeWithin(acceptedTime(now, floors, store), store))
  );
}

/** 5.2: the newest root known here: the cached one if it is the very file that was accepted under this pin, else the pinned one. */
async function startingRoot({ directory, pinnedRoot, floors }: RefreshInput): Promise<Uint8Array> {
  const cached = await directory.read('root');
  return cached !== undefined && sha256Of(cached) === floors.rootFile ? cached : pinnedRoot;
}

/** 5.3: follows the chain of roots, each signed by the keys of the one before. The newest root if there is a newer one. */
async function followRoots(
  { source, directory, rules }: RefreshInput,
  store: TrustedStore,
): Promise<Uint8Array | undefined> {
  let newest: Uint8Array | undefined;
  const first = store.root.signed.version + 1;
  try {
    for (let version = first; version < first + rootRotationLimit; version += 1) {
      const file = versionedFile('root', version);
      const bytes = await source.request(file, lengthLimits.root);
      if (bytes === undefined) break;
      await verifying(file, () => store.updateRoot(rules.form(bytes)));
      newest = bytes;
    }
  } finally {
    // 5.3.8: each link that held is kept, whatever comes after it.
    if (newest !== undefined) await keeping('root.json', directory.keep('root', newest));
  }
  return newest;
}

/** 5.4: a timestamp that is signed, not older than any seen, and not expired. Gives the one that is trusted now. */
async function refreshTimestamp(
  { directory, floors, rules, now }: RefreshInput,
  store: TrustedStore,
  cached: Buffer | undefined,
  offered: Uint8Array,
): Promise<Uint8Array> {
  if (cached !== undefined) tryCached(() => store.updateTimestamp(rules.form(cached)));
  const isNew = await verifying(timestampFile, () => {
    try {
      store.updateTimestamp(rules.form(offered));
      return true;
    } catch (error) {
      // 5.4.3.1: the version that is trusted already; it stays.
      if (error instanceof EqualVersionError) return false;
      throw error;
    }
  });
  const { timestamp } = store;
  if (timestamp === undefined) throw new Error('a verified timestamp is in the store');
  requireFloor('timestamp', timestamp.signed.version, floors.timestamp, keysOf(store, 'timestamp'));
  const snapshotVersion = timestamp.signed.snapshotMeta.version;
  requireFloor('snapshot', snapshotVersion, floors.snapshot, keysOf(store, 'snapshot'));
  if (isNew) await keeping(timestampFile, directory.keep('timestamp', offered));
  // 5.4.4, here and not where the class would find it, while it looks at the snapshot: it is the timestamp that is held back (T14).
  if (timestamp.signed.isExpired(acceptedTime(now, floors, store)))
    throw catalogFailure(new ExpiredMetadataError(`it expired ${timestamp.signed.expires}`), timestampFile);
  return isNew ? offered : (cached ?? offered);
}

/** 5.5: the snapshot that the timestamp names, in which no role is missing or older than any seen. */
async function refreshSnapshot({ directory, source, floors, rules }: RefreshInput, store: TrustedStore): Promise<void> {
  const named = store.timestamp?.signed.snapshotMeta;
  if (named === undefined) throw new Error('a verified timestamp is in the store');
  const cached = await directory.read('snapshot');
  const isFloored = floorHolds(floors.snapshot, keysOf(store, 'snapshot'));
  // One that is replaced only says what was seen before. Where the floors know that already, it is not verified once more.
  const isOfUse = (version: number): boolean => version === named.version || version > (floors.snapshot?.version ?? 0);
  const current =
    cached !== undefined &&
    (!isFloored || isOfUse(statedVersion(cached))) &&
    tryCached(() => store.updateSnapshot(rules.form(cached), true));
  const file = rules.file(store, 'snapshot', named.version);
  let fresh: Uint8Array | undefined;
  if (!current) {
    const bytes = await source.require(file, Math.min(named.length ?? Infinity, lengthLimits.snapshot));
    await verifying(file, () => {
      const form = rules.form(bytes);
      requireSameState(named, form, () => verifySnapshot(store, form));
      try {
        store.updateSnapshot(form);
      } catch (error) {
        // 5.5.5: only a role that is missing now is reported by the class itself. A role that vanishes is a rollback.
        if (error instanceof RepositoryError && error.constructor === RepositoryError) {
          throw new BadVersionError(error.message);
        }
        throw error;
      }
    });
    fresh = bytes;
  }
  if (isFloored) {
    for (const [role, seen] of Object.entries(floors.roles)) {
      const version = store.snapshot?.signed.meta[role]?.version ?? 0;
      if (version < seen) throw catalogRollback(role, version, seen);
    }
  }
  if (fresh !== undefined) await keeping(file, directory.keep('snapshot', fresh));
}

/** What a cached file says its version is, whoever wrote it; one that says nothing is looked at closer, and refused there. */
function statedVersion(cached: Uint8Array): number {
  const stated = statedSchema.safeParse(jsonOf(cached));
  return stated.success ? stated.data.signed.version : Infinity;
}

const statedSchema = z.object({ signed: z.object({ version: z.number() }) });

function jsonOf(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
