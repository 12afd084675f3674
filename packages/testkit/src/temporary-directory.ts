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
  const path = realpathSync(mkdtempSync(join(tmpdir(), `sallyport-${purpose}-`)));
  const remove = (): void => rmSync(path, { recursive: true, force: true });
  return { path, remove, [Symbol.dispose]: remove };
}
