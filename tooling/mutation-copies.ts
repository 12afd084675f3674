/** Where mutants are tried: copies that go with the command, also with one that is interrupted, and with the next one if it was killed. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const prefix = 'sallyport-mutation-';

/** Makes one, named after this process. */
export function makeCopyDirectory(folder: string): string {
  return mkdtempSync(join(folder, `${prefix}${process.pid}-`));
}

/** Removes those whose process is gone. */
export function removeLeftCopies(folder: string): void {
  for (const name of readdirSync(folder)) {
    const [, pid] = new RegExp(`^${prefix}([1-9][0-9]*)-[^-]{6}$`).exec(name) ?? [];
    if (pid !== undefined && !isAlive(Number(pid))) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // Somebody else's process is one too.
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
