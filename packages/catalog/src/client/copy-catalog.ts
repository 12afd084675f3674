/**
 * A whole catalog, verified as a client verifies it and kept as the files it came in: what a mirror serves on and an offline bundle
 * carries (T83). Signatures cannot be cut, so metadata is copied whole whatever part of the packages goes with it (0099).
 */
import { OperationFailure } from '@sallyport/model';
import { lengthLimits, timestampFile, versionedFile } from '../layout.ts';
import type { CatalogFetch } from './catalog-fetch.ts';
import { catalogForeign } from './catalog-failure.ts';
import { catalogSource, type CatalogSource } from './catalog-source.ts';
import { catalogRules } from './refresh-rules.ts';
import { refreshTrust } from './refresh-trust.ts';
import type { SignedPackage } from './signed-package.ts';
import { sha256Of, type TrustedDirectory } from './trusted-directory.ts';
import { listPackages, publishersOf } from './trusted-packages.ts';
import { trustedStore } from './trusted-store.ts';
import { tryCached, verifying } from './verification.ts';
import { floorsUnder, writeFloors, type VersionFloors } from './version-floors.ts';

export interface CopyOptions {
  /** Where trust begins. */
  readonly pinnedRoot: Uint8Array;
  /** What {@link CatalogCopy.floors} said last time: nothing older is accepted. */
  readonly floors: string | undefined;
  readonly fetch: CatalogFetch;
  readonly now: Date;
  readonly signal?: AbortSignal;
}

/** What was verified. */
export interface CatalogCopy {
  /** Every file that clients ask for, by name. Whoever writes them writes `timestamp.json` last: it makes the rest visible. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly packages: readonly SignedPackage[];
  /** To be kept, and given back next time. */
  readonly floors: string;
  /** When what was copied was signed, as its timestamp says. */
  readonly issued: string | undefined;
  /** Publishers whose signatures do not hold now, with the reason: clients of the copy are told the same. */
  readonly unusable: readonly { readonly publisher: string; readonly failure: OperationFailure }[];
}

/** Copies a catalog from wherever it comes. Throws like a refresh, and `CatalogForeign` for the catalog of another root. */
export async function copyCatalog(options: CopyOptions): Promise<CatalogCopy> {
  const { pinnedRoot, now, signal } = options;
  const files = new Map<string, Uint8Array>();
  const source = catalogSource(async (file, maxLength, stop) => {
    const answer = await options.fetch(file, maxLength, stop);
    if (typeof answer !== 'string') files.set(file, answer);
    return answer;
  }, signal);
  for (const [file, bytes] of await rootsUpTo(pinnedRoot, source)) files.set(file, bytes);
  const memory = directoryInMemory(floorsUnder(sha256Of(pinnedRoot), options.floors));
  const reach = { directory: memory, source };
  const floors = await memory.floors();
  const { store } = await refreshTrust({ ...reach, pinnedRoot, floors, now, rules: catalogRules });
  const packages: SignedPackage[] = [];
  const unusable: { readonly publisher: string; readonly failure: OperationFailure }[] = [];
  for (const publisher of publishersOf(store)) {
    try {
      packages.push(...(await listPackages(reach, store, now, publisher)));
    } catch (error) {
      // One publisher that let its signatures expire must not keep the others from being copied. Anything else is a damaged copy.
      if (!(error instanceof OperationFailure) || error.code !== 'CatalogExpired') throw error;
      unusable.push({ publisher, failure: error });
    }
  }
  const issued = store.timestamp?.signed.unrecognizedFields['issued'];
  return {
    files: withTimestampLast(files),
    packages,
    floors: writeFloors(await memory.floors()),
    issued: typeof issued === 'string' ? issued : undefined,
    unusable,
  };
}

/**
 * The pinned root and those before it, as far as they are there and lead to it: machines that began earlier follow them. A source with
 * another root in the place of the pinned one is the catalog of somebody else.
 */
async function rootsUpTo(pinnedRoot: Uint8Array, source: CatalogSource): Promise<Map<string, Uint8Array>> {
  const roots = new Map<string, Uint8Array>();
  const { version } = (await verifying('of the pinned root', () => trustedStore(pinnedRoot, new Date(0)))).root.signed;
  const there = await source.request(versionedFile('root', version), lengthLimits.root);
  if (there !== undefined && !Buffer.from(there).equals(pinnedRoot))
    throw catalogForeign(versionedFile('root', version));
  roots.set(versionedFile('root', version), pinnedRoot);
  let next = pinnedRoot;
  for (let earlier = version - 1; earlier > 0; earlier -= 1) {
    const file = versionedFile('root', earlier);
    const bytes = await source.request(file, lengthLimits.root);
    if (bytes === undefined) break;
    if (!tryCached(() => trustedStore(bytes, new Date(0)).updateRoot(catalogRules.form(next))))
      throw catalogForeign(file);
    roots.set(file, bytes);
    next = bytes;
  }
  return roots;
}

function withTimestampLast(files: ReadonlyMap<string, Uint8Array>): Map<string, Uint8Array> {
  const timestamp = files.get(timestampFile);
  const sorted = new Map([...files].filter(([file]) => file !== timestampFile));
  if (timestamp !== undefined) sorted.set(timestampFile, timestamp);
  return sorted;
}

/** Nothing is kept on the disk before all of it is verified. */
function directoryInMemory(begin: VersionFloors): TrustedDirectory {
  const roles = new Map<string, Buffer>();
  let floors = begin;
  return {
    read: async (role) => roles.get(role),
    keep: async (role, bytes) => void roles.set(role, Buffer.from(bytes)),
    floors: async () => floors,
    raise: async (raised) => {
      floors = raised;
    },
  };
}
