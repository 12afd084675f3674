/** Making an unpacked tree durable before it is renamed into place. */
import { closeSync, fsync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { syncFileSystem } from './sync-file-system.ts';
import { syncMethod, type SyncMethod } from './sync-method.ts';
import { treeFacts } from './tree-facts.ts';

/** How many files are synced at the same time: waiting for a disk is cheap, and 64 measured best (a fifth of one by one). */
const atOnce = 64;

/**
 * Syncs every file and directory below `directory`, itself included. For trees that {@link unpackPackage} made: real files and
 * directories only. Not part of unpacking because Node's permission model forbids `fsync` where packages are unpacked.
 */
export async function syncTree(directory: string, asked?: SyncMethod): Promise<void> {
  const found = readdirSync(directory, { recursive: true, withFileTypes: true });
  const paths = [...found.map((entry) => join(entry.parentPath, entry.name)), directory];
  const method = asked ?? syncMethod(treeFacts(directory, paths.length));
  // Where the program is missing or fails, each file says for itself whether it is on the disk.
  if (method === 'whole' && (await syncFileSystem(directory))) return;
  const next = paths.values();
  // Every worker takes from the same iterator, so each path is synced once.
  const worker = async (): Promise<void> => {
    for (const path of next) await syncPath(path);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, paths.length) }, () => worker()));
}

function syncPath(path: string): Promise<void> {
  // Opening and closing do not wait for the disk; as promises they would cost three times as much processor.
  const file = openSync(path, 'r');
  return new Promise<void>((resolve, reject) => {
    fsync(file, (error) => (error === null ? resolve() : reject(error)));
  }).finally(() => closeSync(file));
}
