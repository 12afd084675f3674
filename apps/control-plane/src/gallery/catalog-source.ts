import type { CatalogTarget } from '@sallyport/model/wire';
import type { CatalogLook } from './catalog-health.ts';

/** A package that the signed catalog names. */
export interface CatalogEntry extends CatalogTarget {
  /** Lower-case hex: the name of the package in storage. */
  readonly sha256: string;
}

/** The verified catalog, as the control plane sees it: to choose versions by. The agent verifies for itself. */
export interface CatalogSource {
  /** What is published now, of one publisher or of all. Throws `ArmError` `CatalogUnavailable` when no verified catalog can be had. */
  list(publisher?: string): Promise<readonly CatalogEntry[]>;
  /** How it is now; undefined when there is no gallery. Does not throw for what a catalog can be like. */
  look(): Promise<CatalogLook | undefined>;
}
