/**
 * Making a change public. The order is the guarantee: targets, then the snapshot that names them, then the timestamp that names the
 * snapshot. All but the last are new files that nobody asks for yet; the timestamp is replaced in one step, and that is the moment of
 * the change. Whoever dies before it has changed nothing that a client can see (T84), and the next change goes on with the versions after those.
 */
import { join } from 'node:path';
import type { Metadata, Root } from '@tufjs/models';
import { readIfThere, writeDurably } from '@sallyport/durable-files';
import { timestampFile, versionedFile } from '../layout.ts';
import { keysAt } from './keys-at.ts';
import { removePending, writePending } from './pending-change.ts';
import type { RepositoryPlace, RepositoryState } from './repository-state.ts';
import { snapshotContent, timestampContent } from './role-content.ts';
import { topLevelKeys } from './role-keys.ts';
import { isHalfOver } from './role-life.ts';
import { fileReference, signFile, type JsonObject, type RoleKeys } from './signed-file.ts';

/** The new version of a targets role: what it says and who may sign it. */
export interface ChangedRole {
  readonly role: string;
  readonly content: JsonObject;
  readonly keys: RoleKeys;
}

/** What is public before the change. */
export interface PublicState {
  readonly root: Metadata<Root>;
  /** 0 when there is none yet; so for the snapshot. */
  readonly timestampVersion: number;
  readonly snapshotVersion: number;
  readonly snapshotExpires: string;
  /** How the timestamp names the snapshot. */
  readonly snapshotReference: JsonObject;
  /** How the snapshot names the targets roles. */
  readonly references: Readonly<Record<string, JsonObject>>;
}

/** The public state of a repository that was read and verified. */
export function publicState(state: RepositoryState): PublicState {
  const { root, timestamp, snapshot } = state;
  const references = Object.entries(snapshot.signed.meta).map(([file, meta]) => [file, meta.toJSON() as JsonObject]);
  return {
    root,
    timestampVersion: timestamp.signed.version,
    snapshotVersion: snapshot.signed.version,
    snapshotExpires: snapshot.signed.expires,
    snapshotReference: timestamp.signed.snapshotMeta.toJSON(),
    references: Object.fromEntries(references) as Record<string, JsonObject>,
  };
}

/**
 * Signs the changed roles, a snapshot (unless nothing changed and the one there is young enough) and always a new timestamp, and
 * writes them in order. Returns the roles that were signed. Throws `KeyMissing` before anything public changes.
 */
export async function publishChange(
  place: RepositoryPlace,
  before: PublicState,
  changed: readonly ChangedRole[],
  time: Date,
  newRoot?: NewRoot,
): Promise<readonly string[]> {
  const write = (file: string, bytes: Uint8Array): void => writeDurably(join(place.directory, file), bytes, 0o644);
  const root = newRoot?.root ?? before.root;
  const sign = async (role: string, content: JsonObject): Promise<Uint8Array> =>
    signFile(role, content, topLevelKeys(root, role), await keysAt(place, role));

  const references = { ...before.references };
  const fresh: (readonly [file: string, bytes: Uint8Array])[] = [];
  for (const { role, content, keys } of changed) {
    const version = await freeVersion(place, role, Number(content['version']));
    const bytes = signFile(role, { ...content, version }, keys, await keysAt(place, role));
    fresh.push([versionedFile(role, version), bytes]);
    references[`${role}.json`] = fileReference(version, bytes);
  }
  const signed = [...changed.map(({ role }) => role), 'timestamp'];
  let reference = before.snapshotReference;
  if (changed.length > 0 || newRoot !== undefined || isHalfOver('snapshot', before.snapshotExpires, time)) {
    const version = await freeVersion(place, 'snapshot', before.snapshotVersion + 1);
    const snapshot = await sign('snapshot', snapshotContent(version, time, references));
    fresh.push([versionedFile('snapshot', version), snapshot]);
    reference = fileReference(version, snapshot);
    signed.push('snapshot');
  }
  const timestamp = await sign('timestamp', timestampContent(before.timestampVersion + 1, time, reference));
  // Everything is signed; from here on only the disk can fail.
  for (const [file, bytes] of fresh) write(file, bytes);
  if (newRoot !== undefined) {
    const { version } = newRoot.root.signed;
    writePending(place.keysDirectory, { root: version, timestamp: Buffer.from(timestamp) });
    write(versionedFile('root', version), newRoot.bytes);
    signed.push('root');
  }
  write(timestampFile, timestamp);
  if (newRoot !== undefined) removePending(place.keysDirectory);
  return signed;
}

/** A root that becomes public with the change, and that signs it already. */
export interface NewRoot {
  readonly root: Metadata<Root>;
  readonly bytes: Uint8Array;
}

/** Ends what a change that died between its root and its timestamp has left. To be called by whoever holds the lock. */
export function finishPending(place: RepositoryPlace, state: RepositoryState): void {
  if (state.unfinished) writeDurably(join(place.directory, timestampFile), state.timestampBytes, 0o644);
  removePending(place.keysDirectory);
}

/**
 * The first version from `version` on that no file has. One that was left by a change that died is never written again: a proxy may have
 * kept it, and versioned files are kept for good.
 */
async function freeVersion(place: RepositoryPlace, role: string, version: number): Promise<number> {
  const taken = readIfThere(join(place.directory, versionedFile(role, version)));
  return taken === undefined ? version : freeVersion(place, role, version + 1);
}
