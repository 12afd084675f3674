/** Opening the catalog: the pinned root, the directory of what was verified, and where the files come from. */
import { catalogFailure } from './catalog-failure.ts';
import type { CatalogFetch } from './catalog-fetch.ts';
import { catalogSource } from './catalog-source.ts';
import type { Catalog } from './catalog.ts';
import { catalogRules } from './refresh-rules.ts';
import { sharedWork } from './shared-work.ts';
import { refreshTrust, type Refreshed } from './refresh-trust.ts';
import { trustedDirectory } from './trusted-directory.ts';
import { trustedStore, type TrustedStore } from './trusted-store.ts';
import { expiriesOf, findPackage, listPackages, publishersOf } from './trusted-packages.ts';

export interface CatalogOptions {
  /** Where verified metadata is kept. One process at a time: that is the caller's duty. Made when needed, 0700. */
  readonly directory: string;
  /** The root that was pinned when the machine was connected: the beginning of all trust. */
  readonly pinnedRoot: Uint8Array;
  readonly fetch: CatalogFetch;
  /** The clock; the system's by default. */
  readonly now?: () => Date;
}

/**
 * Opens the catalog; reads and fetches nothing yet. Calls on one catalog may overlap: they run one after the other. Throws
 * `CatalogSignatureInvalid` when the pinned root is not a root that signed itself.
 */
export function openCatalog(options: CatalogOptions): Catalog {
  const { pinnedRoot, fetch } = options;
  const now = options.now ?? (() => new Date());
  const directory = trustedDirectory(options.directory, pinnedRoot);
  try {
    trustedStore(pinnedRoot, now());
  } catch (error) {
    throw catalogFailure(error, 'of the pinned root');
  }
  let known: Refreshed | undefined;
  let last: Promise<unknown> = Promise.resolve();

  /** They share a directory, so one waits for the other; one that failed does not fail the next. */
  function inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = last.then(call, call);
    last = turn;
    return turn;
  }

  /** A refresh that has not begun yet is as good as one more after it: whoever asks meanwhile shares it. */
  const shared = sharedWork((signal) =>
    inTurn(async () => {
      shared.begun();
      await refresh(signal);
    }),
  );

  async function refresh(signal: AbortSignal | undefined): Promise<TrustedStore> {
    const source = catalogSource(fetch, signal);
    const floors = await directory.floors();
    known = await refreshTrust({ directory, source, pinnedRoot, floors, now: now(), rules: catalogRules, known });
    return known.store;
  }

  return {
    refresh: (signal) => shared.join(signal),
    find: (name, version, signal) =>
      inTurn(async () => {
        const trusted = known?.store ?? (await refresh(signal));
        return findPackage({ directory, source: catalogSource(fetch, signal) }, trusted, now(), name, version);
      }),
    publishers: (signal) => inTurn(async () => publishersOf(known?.store ?? (await refresh(signal)))),
    expiries: (signal) => inTurn(async () => expiriesOf(known?.store ?? (await refresh(signal)))),
    list: (publisher, signal) =>
      inTurn(async () => {
        const trusted = known?.store ?? (await refresh(signal));
        return listPackages({ directory, source: catalogSource(fetch, signal) }, trusted, now(), publisher);
      }),
  };
}
