/** Naming a package in the catalog, under its publisher's signature. */
import type { Metadata, Targets } from '@tufjs/models';
import { canonicalize } from '@tufjs/canonical-json';
import { catalogTargetPath, formatExtensionName, type ExtensionName, type HandlerVersion } from '@sallyport/model';
import type { CatalogTarget, ReleaseChannel } from '@sallyport/model/wire';
import { publisherRole } from '../layout.ts';
import type { NewTarget } from './new-target.ts';
import type { ChangedRole } from './publish-change.ts';
import { RepositoryError } from './repository-error.ts';
import type { RepositoryState } from './repository-state.ts';
import { nextVersion } from './role-content.ts';
import { timeText } from './role-life.ts';
import type { Json, JsonObject } from './signed-file.ts';

/**
 * The publisher's role with the package in it; undefined when it is there already, exactly so. Throws `VersionPublished` when the name
 * and version stand for other bytes or another machine.
 */
export function withTarget(
  state: RepositoryState,
  own: Metadata<Targets>,
  target: NewTarget,
  time: Date,
): ChangedRole | undefined {
  const path = catalogTargetPath(target.name, target.version);
  const entry = entryOf(target);
  const targets = (own.signed.toJSON() as JsonObject)['targets'] as JsonObject;
  const there = targets[path];
  if (there !== undefined) {
    const known = (there as { readonly custom?: CatalogTarget }).custom;
    if (known?.yanked === undefined && canonicalize(lasting(there)) === canonicalize(lasting(entry))) return undefined;
    const what = `${formatExtensionName(target.name)} ${target.version}`;
    throw new RepositoryError(
      'VersionPublished',
      known?.yanked === undefined
        ? `${what} is published already, with other content: a published version never changes, so publish this one under a new version.`
        : `${what} was published and taken back (${known.yanked.reason}): publish under a new version.`,
    );
  }
  return withEntry(state, own, target.name, path, entry, time);
}

/** What never changes about a published version: all but when it was scanned, its channel, and whether it was taken back. */
function lasting(entry: Json): JsonObject {
  const { custom, ...file } = entry as JsonObject;
  const { scan: _scan, channel: _channel, yanked: _yanked, ...rest } = custom as JsonObject;
  return { ...file, custom: rest };
}

/** The publisher's role with one entry set. */
function withEntry(
  state: RepositoryState,
  own: Metadata<Targets>,
  name: ExtensionName,
  path: string,
  entry: JsonObject,
  time: Date,
): ChangedRole {
  const content = own.signed.toJSON() as JsonObject;
  const role = publisherRole(name.publisher);
  const delegated = state.targets.signed.delegations?.roles?.[role];
  const targets = { ...(content['targets'] as JsonObject), [path]: entry };
  return {
    role,
    content: nextVersion({ ...content, targets }, 'targets', time),
    keys: delegated ?? { keyIDs: [], threshold: 1 },
  };
}

/** What may change about a published version: how far it is let out, and that it is taken back. */
export type ReleaseChange = { readonly channel: ReleaseChannel } | { readonly yank: string };

/**
 * The publisher's role with the change; undefined when it is so already. Throws `VersionMissing`, and `PackageYanked` for letting out what
 * was taken back.
 */
export function withRelease(
  state: RepositoryState,
  own: Metadata<Targets>,
  name: ExtensionName,
  version: HandlerVersion,
  change: ReleaseChange,
  time: Date,
): ChangedRole | undefined {
  const path = catalogTargetPath(name, version);
  const targets = (own.signed.toJSON() as JsonObject)['targets'] as JsonObject;
  const entry = Object.hasOwn(targets, path) ? (targets[path] as JsonObject) : undefined;
  if (entry === undefined) {
    throw new RepositoryError(
      'VersionMissing',
      `${formatExtensionName(name)} ${version} is not published: see 'sallyport-gallery list'.`,
    );
  }
  const custom = entry['custom'] as JsonObject;
  if ('yank' in change) {
    if (custom['yanked'] !== undefined) return undefined;
    const yanked = { reason: change.yank, at: timeText(time) };
    return withEntry(state, own, name, path, { ...entry, custom: { ...custom, yanked } }, time);
  }
  const { yanked: takenBack } = custom as { readonly yanked?: CatalogTarget['yanked'] };
  if (takenBack !== undefined) {
    throw new RepositoryError(
      'PackageYanked',
      `${formatExtensionName(name)} ${version} was taken back for good (${takenBack.reason}): publish under a new version.`,
    );
  }
  if ((custom['channel'] ?? 'stable') === change.channel) return undefined;
  return withEntry(state, own, name, path, { ...entry, custom: { ...custom, channel: change.channel } }, time);
}

function entryOf(target: NewTarget): JsonObject {
  const { name, version, operatingSystem, architecture, length, sha256, scan, channel, origin } = target;
  const { supportsMultipleExtensions, needsNetworkToInstall } = target;
  const custom: CatalogTarget = {
    publisher: name.publisher,
    type: name.type,
    version,
    operatingSystem,
    architecture,
    ...(scan === undefined ? {} : { scan }),
    ...(channel === undefined || channel === 'stable' ? {} : { channel }),
    ...(supportsMultipleExtensions === undefined ? {} : { supportsMultipleExtensions }),
    ...(needsNetworkToInstall === undefined ? {} : { needsNetworkToInstall }),
    ...(origin === undefined ? {} : { origin }),
  };
  return { length, hashes: { sha256 }, custom: JSON.parse(JSON.stringify(custom)) as JsonObject };
}
