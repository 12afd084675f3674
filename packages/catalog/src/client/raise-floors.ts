/** Remembering what was accepted, so that nothing older ever is. */
import type { TrustedDirectory } from './trusted-directory.ts';
import { issuedAt } from './signed-time.ts';
import { floorOf, type TrustedStore } from './trusted-store.ts';
import { keeping } from './verification.ts';
import type { VersionFloors } from './version-floors.ts';

/**
 * Writes the versions of a refreshed store down, and which file its root is, if they are others than before. It comes after the metadata itself: a crash in
 * between leaves the cached metadata as the floor.
 */
export async function raiseFloors(
  directory: TrustedDirectory,
  floors: VersionFloors,
  store: TrustedStore,
  rootFile: string,
): Promise<void> {
  const { timestamp, snapshot } = store;
  if (timestamp === undefined || snapshot === undefined) throw new Error('a refreshed store holds every role');
  const signedAt = issuedAt(store);
  const raised: VersionFloors = {
    pinnedRoot: floors.pinnedRoot,
    root: store.root.signed.version,
    rootFile,
    timestamp: floorOf(store, 'timestamp', timestamp.signed.version),
    snapshot: floorOf(store, 'snapshot', snapshot.signed.version),
    roles: Object.fromEntries(Object.entries(snapshot.signed.meta).map(([file, meta]) => [file, meta.version])),
    ...(signedAt === undefined ? {} : { signedAt: signedAt.toISOString() }),
  };
  if (JSON.stringify(raised) !== JSON.stringify(floors)) await keeping('floors.json', directory.raise(raised));
}
