/** What each role says, as TUF writes it. Pure: versions, keys and times come in, values go out. */
import { publisherRole } from '../layout.ts';
import { publisherTargetPattern } from '@sallyport/model';
import { expiryOf, timeText } from './role-life.ts';
import type { Json, JsonObject, RoleKeys } from './signed-file.ts';
import type { SigningKey } from './signing-key.ts';

const specificationVersion = '1.0.31';

/** The keys of the four top-level roles. */
export interface TopLevelKeys {
  readonly root: readonly SigningKey[];
  readonly targets: readonly SigningKey[];
  readonly snapshot: readonly SigningKey[];
  readonly timestamp: readonly SigningKey[];
}

/** Says which keys sign which role. The root needs `rootThreshold` signatures; the others begin with one. */
export function rootContent(keys: TopLevelKeys, rootThreshold: number, version: number, time: Date): JsonObject {
  const roles = Object.entries(keys).map(([role, own]: [string, readonly SigningKey[]]): [string, Json] => [
    role,
    { keyids: own.map((key) => key.identifier), threshold: role === 'root' ? rootThreshold : 1 },
  ]);
  const all = Object.values(keys).flat() as SigningKey[];
  return {
    _type: 'root',
    spec_version: specificationVersion,
    version,
    expires: expiryOf('root', time),
    consistent_snapshot: true,
    keys: Object.fromEntries(all.map((key) => [key.identifier, { ...key.publicKey }])),
    roles: Object.fromEntries(roles),
  };
}

/** The first version of `targets`, which delegates to nobody, or of a publisher's role, which signs nothing. */
export function firstTargetsContent(kind: 'targets' | 'publisher', time: Date): JsonObject {
  return {
    _type: 'targets',
    spec_version: specificationVersion,
    version: 1,
    expires: expiryOf('targets', time),
    targets: {},
    ...(kind === 'targets' ? { delegations: { keys: {}, roles: [] } } : {}),
  };
}

/** Delegates a publisher's own names, and no others, to its keys (T27). `publisher` is kept as it is spelled, for display. */
export function publisherDelegation(
  publisher: string,
  own: readonly SigningKey[],
  threshold: number,
): { role: JsonObject; keys: RoleKeys } {
  const keys: RoleKeys = { keyIDs: own.map((key) => key.identifier), threshold };
  const role = {
    name: publisherRole(publisher),
    keyids: [...keys.keyIDs],
    threshold: keys.threshold,
    terminating: true,
    paths: [publisherTargetPattern(publisher)],
    publisher,
  };
  return { role, keys };
}

/** Names every targets role in its version, so that no two versions can be mixed (T22). */
export function snapshotContent(version: number, time: Date, meta: JsonObject): JsonObject {
  return { _type: 'snapshot', spec_version: specificationVersion, version, expires: expiryOf('snapshot', time), meta };
}

/** Names the snapshot, and says when it was signed so that no client believes an earlier clock (T71). */
export function timestampContent(version: number, time: Date, snapshot: JsonObject): JsonObject {
  return {
    _type: 'timestamp',
    spec_version: specificationVersion,
    version,
    expires: expiryOf('timestamp', time),
    issued: timeText(time),
    meta: { 'snapshot.json': snapshot },
  };
}

/** The same role, one version on, valid from now. */
export function nextVersion(content: JsonObject, kind: 'root' | 'targets', time: Date): JsonObject {
  return { ...content, version: Number(content['version']) + 1, expires: expiryOf(kind, time) };
}
