/**
 * One control plane for each state directory: two would hold different machines and never wake the other's. The kernel holds the
 * lock, through SQLite, and it ends with its process however that ends (decision 0012). Nothing is ever stored in the file.
 */
import { DatabaseSync } from 'node:sqlite';

/** Takes the lock; returns its release. Throws when another process has it. */
export function lockState(path: string): () => void {
  const file = new DatabaseSync(path, { timeout: 0 });
  try {
    file.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    file.close();
    throw new Error('Another control plane uses this state directory: stop it first.', {
      cause: error,
    });
  }
  return () => file.close();
}
