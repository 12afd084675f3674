/** Directories for tests, gone afterwards. */
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TemporaryDirectory extends Disposable {
  /** Absolute, without links, mode 0700. */
  readonly path: string;
  /** Removes it with all that is in it. Twice is fine. */
  readonly remove: () => void;
}

/** A fresh, empty directory. Use it with `using`, or call `remove()` in `afterAll`. */
export function temporaryDirectory(purpose = 'test'): TemporaryDirectory {
  return directoryIn(tmpdir(), purpose);
}

/** The same in memory where the machine has such a place: for tests that make and remove files by the ten thousand. */
export function memoryDirectory(purpose = 'test'): TemporaryDirectory {
  try {
    return directoryIn('/dev/shm', purpose);
  } catch {
    // Not there, or not for this user: on disk it is slower and just as right.
    return directoryIn(tmpdir(), purpose);
  }
}

function directoryIn(parent: string, purpose: string): TemporaryDirectory {
  const path = realpathSync(mkdtempSync(join(parent, `sallyport-${purpose}-`)));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  return { path, remove, [Symbol.dispose]: remove };
}
