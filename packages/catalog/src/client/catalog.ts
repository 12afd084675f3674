/** The signed catalog as its clients see it: refresh, then find what a publisher signed. */
import type { ExtensionName, HandlerVersion } from '@sallyport/model';
import type { Expiring } from '../expiry-warning.ts';
import type { SignedPackage } from './signed-package.ts';

export interface Catalog {
  /**
   * Brings the catalog up to date; one request when nothing is new. Throws an `OperationFailure`: `CatalogUnavailable`,
   * `CatalogSignatureInvalid`, `CatalogExpired`, `CatalogRollback`, or `StorageFull`. What was trusted before stays usable until it
   * expires.
   */
  refresh(signal?: AbortSignal): Promise<void>;
  /**
   * The package of exactly that name and version; undefined when no publisher signed one (`PackageNotInCatalog`). Refreshes first
   * if that has not happened yet. Throws like {@link Catalog.refresh}, and `PackageNotForThisMachine` when the entry describes
   * another package than its path names.
   */
  find(name: ExtensionName, version: HandlerVersion, signal?: AbortSignal): Promise<SignedPackage | undefined>;
  /** Who may publish, in lower case. Refreshes and throws like {@link Catalog.find}. */
  publishers(signal?: AbortSignal): Promise<readonly string[]>;
  /** When the roles expire that have been verified so far: the top-level ones, and publishers' that were needed. Refreshes and throws like {@link Catalog.find}. */
  expiries(signal?: AbortSignal): Promise<readonly Expiring[]>;
  /**
   * Everything that is signed, of one publisher or of all, in no particular order. An entry that describes no package is left out:
   * nobody can install it either. Refreshes and throws like {@link Catalog.find}; one publisher's unusable role fails the list of
   * all, so ask by publisher where that matters.
   */
  list(publisher?: string, signal?: AbortSignal): Promise<readonly SignedPackage[]>;
}
