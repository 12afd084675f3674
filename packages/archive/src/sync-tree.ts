/** Making an unpacked tree durable before it is renamed into place. */
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** How many files are synced at the same time: waiting for a disk is cheap, and 64 measured best (a fifth of one by one). */
const atOnce = 64;

/**
 * Syncs every file and directory below `directory`, itself included. For trees that {@link unpackPackage} made: real files and
 * directories only. Not part of unpacking because Node's permission model forbids `fsync` where packages are unpacked.
 */
export async function syncTree(directory: string): Promise<void> {
  const found = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = [...found.map((entry) => join(entry.parentPath, entry.name)), directory];
  const next = paths.values();
  // Every worker takes from the same iterator, so each path is synced once.
  const worker = async (): Promise<void> => {
    for (const path of next) await syncPath(path);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, paths.length) }, () => worker()));
}

async function syncPath(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
