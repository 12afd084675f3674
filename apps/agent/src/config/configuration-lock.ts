/** One change of the configuration at a time, across processes (T55). */
import { chmodSync, closeSync, constants, openSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { CodedError, messageOf } from '@sallyport/model';

/**
 * Runs `change` while no other process holds the lock; waits up to `waitMilliseconds` for it. The lock is the kernel's own (an
 * fcntl lock, which SQLite takes on an empty file): it ends with its holder, however that ends, so there is no stale lock to
 * detect and none to steal by mistake. Only the administrator can open the file. Throws `ConfigurationBusy`.
 */
export function withConfigurationLock<T>(path: string, waitMilliseconds: number, change: () => T): T {
  createPrivately(path);
  const lock = new DatabaseSync(path, { timeout: waitMilliseconds });
  try {
    try {
      lock.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      throw new CodedError(
        'ConfigurationBusy',
        `Another azcmagent is changing the configuration and did not finish within ${waitMilliseconds / 1000} s (${messageOf(error)}).`,
        { cause: error },
      );
    }
    return change();
  } finally {
    lock.close();
  }
}

/** Opened without following a link, so that the lock is never some other file. */
function createPrivately(path: string): void {
  const flags = constants.O_CREAT | constants.O_RDWR | constants.O_NOFOLLOW;
  closeSync(openSync(path, flags, 0o600));
  chmodSync(path, 0o600);
}
