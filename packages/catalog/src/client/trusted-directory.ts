/** The metadata this machine has verified, one durable file per role, and the floors below which it never goes again. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { makeDirectories, readIfThere, writeDurably } from '@sallyport/durable-files';
import { floorsUnder, writeFloors, type VersionFloors } from './version-floors.ts';

export interface TrustedDirectory {
  /** The cached bytes of a role; undefined when there are none. They are checked again like bytes from anywhere. */
  read(role: string): Promise<Buffer | undefined>;
  /** Keeps what was verified. */
  keep(role: string, bytes: Uint8Array): Promise<void>;
  floors(): Promise<VersionFloors>;
  raise(floors: VersionFloors): Promise<void>;
}

/** `floors.json` cannot be a role: publishers' roles have a prefix. */
const floorsFile = 'floors.json';

/** Which file it is, in lower-case hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** A directory that belongs to one process at a time; it is made, for its owner only, when the first file is kept. */
export function trustedDirectory(directory: string, pinnedRoot: Uint8Array): TrustedDirectory {
  const pin = sha256Of(pinnedRoot);
  const path = (role: string): string => join(directory, `${role}.json`);

  async function write(file: string, content: string | Uint8Array): Promise<void> {
    makeDirectories(directory, 0o700);
    writeDurably(file, content, 0o644);
  }

  return {
    read: async (role) => readIfThere(path(role)),
    keep: (role, bytes) => write(path(role), bytes),
    async floors() {
      return floorsUnder(pin, readIfThere(join(directory, floorsFile))?.toString('utf8'));
    },
    async raise(floors) {
      await write(join(directory, floorsFile), writeFloors(floors));
    },
  };
}
