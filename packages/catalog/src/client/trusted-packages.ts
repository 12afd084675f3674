/** Finding packages in a refreshed store: the delegation that a path belongs to decides who may have signed it (T27). */
import type { Metadata, Targets } from '@tufjs/models';
import { OperationFailure, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import { ExpiredMetadataError } from 'tuf-js/dist/error.js';
import type { Expiring } from '../expiry-warning.ts';
import { isPublisherRole, publisherOfRole, publisherRole } from '../layout.ts';
import { catalogFailure } from './catalog-failure.ts';
import type { CatalogSource } from './catalog-source.ts';
import { loadTargets } from './load-targets.ts';
import { responsibleRole } from './responsible-role.ts';
import { packagePath, signedPackage, type SignedPackage } from './signed-package.ts';
import { timeWithin } from './signed-time.ts';
import type { TrustedDirectory } from './trusted-directory.ts';
import type { TrustedStore } from './trusted-store.ts';

interface Reach {
  readonly directory: TrustedDirectory;
  readonly source: CatalogSource;
}

/** The package that the one role responsible for its path has signed. */
export async function findPackage(
  reach: Reach,
  store: TrustedStore,
  now: Date,
  name: ExtensionName,
  version: HandlerVersion,
): Promise<SignedPackage | undefined> {
  const time = timeWithin(now, store);
  requireCurrent(store, time);
  const path = packagePath(name, version);
  const role = responsibleRole(store.targets?.signed.delegations, path);
  if (role === undefined) return undefined;
  const file = (await loadRole(reach, store, time, role)).signed.targets[path];
  return file === undefined ? undefined : signedPackage(file);
}

/** All packages of one publisher, or of all. */
export async function listPackages(
  reach: Reach,
  store: TrustedStore,
  now: Date,
  publisher: string | undefined,
): Promise<SignedPackage[]> {
  const time = timeWithin(now, store);
  requireCurrent(store, time);
  const found: SignedPackage[] = [];
  for (const role of publisherRoles(store)) {
    if (publisher !== undefined && role !== publisherRole(publisher)) continue;
    found.push(...packagesOf(store, role, await loadRole(reach, store, time, role)));
  }
  return found;
}

/**
 * What the roles of a store have signed, by role. A store is of one refresh and what it holds does not change, and a list is asked for with
 * each extension that somebody wants: each role is read once.
 */
const readOf = new WeakMap<TrustedStore, Map<string, readonly SignedPackage[]>>();

/** The packages that a publisher's role may sign and has signed. */
function packagesOf(store: TrustedStore, role: string, { signed }: Metadata<Targets>): readonly SignedPackage[] {
  const read = readOf.get(store) ?? new Map<string, readonly SignedPackage[]>();
  readOf.set(store, read);
  const known = read.get(role);
  if (known !== undefined) return known;
  const packages: SignedPackage[] = [];
  for (const [path, file] of Object.entries(signed.targets)) {
    // A name that the role may not sign counts for nothing, here as in find (T27).
    if (responsibleRole(store.targets?.signed.delegations, path) !== role) continue;
    try {
      packages.push(signedPackage(file));
    } catch (error) {
      // It describes no package; find refuses it by name, and one bad entry must not hide the good ones.
      if (!(error instanceof OperationFailure)) throw error;
    }
  }
  read.set(role, packages);
  return packages;
}

/** Those that `targets` lets publish, in lower case. */
export function publishersOf(store: TrustedStore): string[] {
  return publisherRoles(store).map((role) => publisherOfRole(role));
}

/** When each role expires that is in the store. */
export function expiriesOf(store: TrustedStore): Expiring[] {
  const roles = [
    { role: 'root', signed: store.root.signed },
    { role: 'timestamp', signed: store.timestamp?.signed },
    { role: 'snapshot', signed: store.snapshot?.signed },
    { role: 'targets', signed: store.targets?.signed },
    ...publisherRoles(store).map((role) => ({ role, signed: store.getRole(role)?.signed })),
  ];
  return roles.flatMap(({ role, signed }) => (signed === undefined ? [] : [{ role, expires: signed.expires }]));
}

function publisherRoles(store: TrustedStore): string[] {
  return Object.keys(store.targets?.signed.delegations?.roles ?? {}).filter((role) => isPublisherRole(role));
}

async function loadRole(reach: Reach, store: TrustedStore, time: Date, role: string): Promise<Metadata<Targets>> {
  await loadTargets(reach, store, role, 'targets');
  const loaded = store.getRole(role);
  if (loaded === undefined) throw new Error('a loaded role is in the store');
  requireNotExpired(`${role}.json`, loaded.signed, time);
  return loaded;
}

/** A store is used for a while after its refresh; it is not to outlive the dates that were signed. */
function requireCurrent(store: TrustedStore, time: Date): void {
  requireNotExpired('root.json', store.root.signed, time);
  requireNotExpired('timestamp.json', store.timestamp?.signed, time);
  requireNotExpired('snapshot.json', store.snapshot?.signed, time);
  requireNotExpired('targets.json', store.targets?.signed, time);
}

interface Dated {
  readonly expires: string;
  isExpired(time?: Date): boolean;
}

function requireNotExpired(file: string, signed: Dated | undefined, time: Date): void {
  if (signed === undefined) throw new Error('a refreshed store holds every role');
  if (signed.isExpired(time)) throw catalogFailure(new ExpiredMetadataError(`it expired ${signed.expires}`), file);
}
