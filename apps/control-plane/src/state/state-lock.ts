/** One control plane for each state directory: two would answer with different generations and wake each other's machines never. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { readIfThere } from './read-if-there.ts';

/** Takes the lock; returns its release. Throws when a living process holds it. The lock of a dead one is taken over. */
export function lockState(path: string, processId: number): () => void {
  for (let attempt = 0; attempt < 2; attempt += 1) {
    try {
      const file = openSync(path, 'wx', 0o600);
      writeSync(file, String(processId));
      closeSync(file);
      return () => rmSync(path, { force: true });
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
      const holder = Number(readIfThere(path) ?? '');
      if (Number.isInteger(holder) && holder > 0 && holder !== processId && isAlive(holder)) {
        throw new Error(
          `Another control plane (process ${holder}) uses this state directory. Stop it first, or use another directory.`,
          { cause: error },
        );
      }
      rmSync(path, { force: true });
    }
  }
  throw new Error(`The lock '${path}' could not be taken.`);
}

function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM means that it is there and is somebody else's.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
