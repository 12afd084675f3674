/** The gallery's side of the catalog: who may publish, what is published, and keeping it fresh. */
import type { SignedPackage } from '../client/signed-package.ts';
import type { NewTarget } from './new-target.ts';
import type { RefreshReport } from './refresh-roles.ts';

/** Whoever is allowed to publish. */
export interface Publisher {
  /** As it was spelled when it was added. */
  readonly name: string;
  /** The SHA-256 names of its keys. */
  readonly keys: readonly string[];
  /** When what it signed expires, in ISO 8601. */
  readonly expires: string;
  /** How many packages it has signed. */
  readonly packages: number;
}

/**
 * Changes are made one at a time, by any number of processes; each is public at once or not at all. Everything throws
 * `RepositoryError`; then nothing has changed.
 */
export interface Repository {
  /** The root to pin on machines: the newest one. */
  root(): Promise<Uint8Array>;
  publishers(): Promise<readonly Publisher[]>;
  packages(): Promise<readonly SignedPackage[]>;
  /** Makes a key for a publisher and delegates its names, and only those, to it. Throws `PublisherExists`, `PublisherMalformed`. */
  addPublisher(publisher: string): Promise<void>;
  /**
   * Names a package in the catalog. `present` when exactly it is named already. Throws `VersionPublished` when another package has
   * that name and version: what was published never changes under its name.
   */
  addTarget(target: NewTarget): Promise<'added' | 'present'>;
  /** Throws what {@link Repository.addTarget} would throw now, and changes nothing: to be asked before a package is stored. */
  requirePublishable(target: NewTarget): Promise<void>;
  /** Signs the timestamp anew, and every role whose life is half over and whose keys are here. */
  refresh(): Promise<RefreshReport>;
}
