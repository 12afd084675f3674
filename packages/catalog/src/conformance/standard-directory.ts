/** The metadata directory as the conformance suite reads it: one file per role and nothing else with the ending `.json`. */
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readIfThere, writeDurably } from '@sallyport/durable-files';
import { sha256Of, type TrustedDirectory } from '../client/trusted-directory.ts';
import { floorsUnder, writeFloors } from '../client/version-floors.ts';

/** What is ours alone: the root it began with, and the version floors. */
const own = '.sallyport';

/** Takes a root as the beginning of all trust. */
export async function beginWith(directory: string, root: string): Promise<void> {
  await mkdir(join(directory, own), { recursive: true, mode: 0o700 });
  await copyFile(root, join(directory, own, 'pinned-root'));
  await copyFile(root, join(directory, 'root.json'));
}

/** The root that {@link beginWith} took. */
export async function pinnedRoot(directory: string): Promise<Uint8Array> {
  return readFile(join(directory, own, 'pinned-root'));
}

/** Role names are anybody's text here, so that each becomes one file name and never a path (T32). */
export function standardDirectory(directory: string, pinned: Uint8Array): TrustedDirectory {
  const path = (role: string): string => join(directory, `${encodeURIComponent(role)}.json`);
  const floorsFile = join(directory, own, 'floors');
  return {
    read: async (role) => readIfThere(path(role)),
    keep: async (role, bytes) => writeDurably(path(role), bytes, 0o644),
    async floors() {
      return floorsUnder(sha256Of(pinned), readIfThere(floorsFile)?.toString('utf8'));
    },
    raise: async (floors) => writeDurably(floorsFile, writeFloors(floors), 0o644),
  };
}
