/**
 * One change at a time. The lock is the kernel's, on a file, taken through SQLite: it ends with the process that holds it, however
 * that ends, so there is no stale lock to break. It also holds between two calls within one process.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseSync } from 'node:sqlite';
import { RepositoryError } from './repository-error.ts';

const busy = 5;
const pause = 20;

/** Runs `change` while no other process changes the catalog. Waits up to `patience` milliseconds, then `RepositoryBusy`. */
export async function withLock<T>(file: string, patience: number, change: () => Promise<T>): Promise<T> {
  const database = new DatabaseSync(file, { timeout: 0 });
  try {
    for (let waited = 0; !take(database); waited += pause) {
      if (waited >= patience) {
        throw new RepositoryError(
          'RepositoryBusy',
          `Another process has been changing the catalog for ${patience / 1000} s: wait for it to end, then run the command again.`,
        );
      }
      await delay(pause);
    }
    return await change();
  } finally {
    database.close();
  }
}

function take(database: DatabaseSync): boolean {
  try {
    database.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'errcode' in error && error.errcode === busy) return false;
    throw error;
  }
}
