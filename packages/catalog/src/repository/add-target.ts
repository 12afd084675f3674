/** Naming a package in the catalog, under its publisher's signature. */
import type { Metadata, Targets } from '@tufjs/models';
import { canonicalize } from '@tufjs/canonical-json';
import { catalogTargetPath, formatExtensionName } from '@sallyport/model';
import type { CatalogTarget } from '@sallyport/model/wire';
import { publisherRole } from '../layout.ts';
import type { NewTarget } from './new-target.ts';
import type { ChangedRole } from './publish-change.ts';
import { RepositoryError } from './repository-error.ts';
import type { RepositoryState } from './repository-state.ts';
import { nextVersion } from './role-content.ts';
import type { JsonObject } from './signed-file.ts';

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
  const content = own.signed.toJSON() as JsonObject;
  const targets = content['targets'] as JsonObject;
  const there = targets[path];
  if (there !== undefined) {
    if (canonicalize(there) === canonicalize(entry)) return undefined;
    throw new RepositoryError(
      'VersionPublished',
      `${formatExtensionName(target.name)} ${target.version} is published already, with other content: a published version never changes, so publish this one under a new version.`,
    );
  }
  const role = publisherRole(target.name.publisher);
  const delegated = state.targets.signed.delegations?.roles?.[role];
  const changed = nextVersion({ ...content, targets: { ...targets, [path]: entry } }, 'targets', time);
  return { role, content: changed, keys: delegated ?? { keyIDs: [], threshold: 1 } };
}

function entryOf({ name, version, operatingSystem, architecture, length, sha256 }: NewTarget): JsonObject {
  const custom: CatalogTarget = { publisher: name.publisher, type: name.type, version, operatingSystem, architecture };
  return { length, hashes: { sha256 }, custom: { ...custom } };
}
