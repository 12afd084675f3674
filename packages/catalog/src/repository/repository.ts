/** The gallery's side of the catalog: who may publish, what is published, and keeping it fresh. */
import type { SignedPackage } from '../client/signed-package.ts';
import type { ExtensionName, HandlerVersion } from '@sallyport/model';
import type { ReleaseChange } from './add-target.ts';
import type { ExpiryWarning } from '../expiry-warning.ts';
import type { KeyPresence } from './keys-at.ts';
import type { NewTarget } from './new-target.ts';
import type { RefreshReport } from './refresh-roles.ts';
import type { TokenSigner } from './token-key.ts';

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

/** A role of the catalog with its keys. */
export interface RoleOverview {
  readonly role: string;
  /** How many keys must sign. */
  readonly threshold: number;
  /** ISO 8601. */
  readonly expires: string;
  readonly keys: readonly { readonly identifier: string; readonly presence: KeyPresence }[];
}

/** What is to change about a role's keys. A key that `remove` names by its beginning goes, and one comes when `add` says so. */
export interface KeyRequest {
  readonly add?: 'new' | TokenSigner;
  readonly remove?: string;
  readonly threshold?: number;
}

export interface KeysChangeReport {
  readonly role: string;
  /** The key that came. */
  readonly added?: { readonly identifier: string; readonly file: string };
  /** The key that went. */
  readonly removed?: string;
  readonly threshold: number;
  readonly keys: number;
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
  /** The files that the catalog consists of now, besides its roots and the timestamp: what nobody may remove. */
  files(): Promise<readonly string[]>;
  /** Makes keys for a publisher, one by default, and delegates its names, and only those, to them. Throws `PublisherExists`, `PublisherMalformed`. */
  addPublisher(publisher: string, keys?: { readonly count: number; readonly threshold: number }): Promise<void>;
  /** Every role with its keys and its expiry. */
  roles(): Promise<readonly RoleOverview[]>;
  /** Which roles expire soon, or have expired. */
  expiring(): Promise<readonly ExpiryWarning[]>;
  /**
   * Adds, replaces or revokes a key of `root`, `targets`, `snapshot`, `timestamp` or `publisher.NAME`, and signs everything that clients
   * need to follow. Throws `RoleUnknown`, `KeyUnknown`, `KeyThreshold`.
   */
  changeKeys(role: string, request: KeyRequest): Promise<KeysChangeReport>;
  /**
   * Names a package in the catalog. `present` when exactly it is named already. Throws `VersionPublished` when another package has
   * that name and version: what was published never changes under its name.
   */
  addTarget(target: NewTarget): Promise<'added' | 'present'>;
  /** Lets a release further out or back in, or takes it back with a reason, for good. `present` when it is so. Throws `VersionMissing`. */
  changeRelease(name: ExtensionName, version: HandlerVersion, change: ReleaseChange): Promise<'changed' | 'present'>;
  /** Throws what {@link Repository.addTarget} would throw now, and changes nothing: to be asked before a package is stored. */
  requirePublishable(target: NewTarget): Promise<void>;
  /** Signs the timestamp anew, and every role whose life is half over and whose keys are here. */
  refresh(): Promise<RefreshReport>;
}
