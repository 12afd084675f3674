/**
 * What this machine has accepted before, kept apart from the metadata itself: if a cached file is damaged, the cache is rebuilt from
 * the pinned root, and still nothing older is accepted (T21). A floor ends with the keys it was signed by, so that a gallery that
 * recovers from a stolen key by replacing it is not locked out by the versions the thief signed (TUF 5.3.11).
 */
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { catalogRollback } from './catalog-failure.ts';

const floorSchema = z.object({ version: z.number(), keys: z.array(z.string()) });

const floorsSchema = z.object({
  /** SHA-256 of the pinned root that these floors and the cached root descend from. */
  pinnedRoot: z.string(),
  root: z.number(),
  /** SHA-256 of the root that was accepted: the cached one is used only if it is that very file. */
  rootFile: z.optional(z.string()),
  timestamp: z.optional(floorSchema),
  snapshot: z.optional(floorSchema),
  /** Versions of the roles that the snapshot names. They end with the snapshot's keys. */
  roles: z.record(z.string(), z.number()),
  /** When the newest accepted timestamp was signed: the clock is never believed to be before it (T71). */
  signedAt: z.optional(z.iso.datetime()),
});

export type VersionFloor = z.infer<typeof floorSchema>;
export type VersionFloors = Readonly<z.infer<typeof floorsSchema>>;

/** Reads what {@link writeFloors} wrote. Undefined when it cannot be read: then the cached metadata is the only floor. */
function readFloors(text: string): VersionFloors | undefined {
  try {
    return parseJson(floorsSchema, text, 'the version floors');
  } catch {
    // Only damage to the file itself leads here; the cached metadata still holds the versions of its own roles.
    return undefined;
  }
}

export function writeFloors(floors: VersionFloors): string {
  return JSON.stringify(floors);
}

/** The floors that count under the root that is pinned, from what was written before, if anything. */
export function floorsUnder(pinnedRoot: string, text: string | undefined): VersionFloors {
  const floors = text === undefined ? undefined : readFloors(text);
  if (floors === undefined) return { pinnedRoot, root: 0, roles: {} };
  // Another root was pinned: the cached root and its version are not its descendants. The other floors end with their keys.
  return floors.pinnedRoot === pinnedRoot ? floors : { ...floors, pinnedRoot, root: 0, rootFile: '' };
}

/** Whether a floor still counts: it was signed by the keys that sign the role today. */
export function floorHolds(floor: VersionFloor | undefined, keys: readonly string[]): floor is VersionFloor {
  return floor !== undefined && floor.keys.join() === [...keys].sort().join();
}

/** Throws `CatalogRollback` when `version` lies below the floor of a role. */
export function requireFloor(
  what: string,
  version: number,
  floor: VersionFloor | undefined,
  keys: readonly string[],
): void {
  if (floorHolds(floor, keys) && version < floor.version) throw catalogRollback(what, version, floor.version);
}
