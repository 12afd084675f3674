/** The three ways a step of a refresh can meet an error. */
import { catalogFailure } from './catalog-failure.ts';

/** Whether cached bytes were good enough. If not, fresh ones are fetched and have to stand the same checks. */
export function tryCached(update: () => unknown): boolean {
  try {
    update();
    return true;
  } catch {
    // Damaged, expired or replaced since. Even so, a signed older version stays in the store and holds off what is older still.
    return false;
  }
}

/** Runs a check of `file`; what it throws becomes a failure of the catalogue. */
export async function verifying<T>(file: string, check: () => T): Promise<T> {
  try {
    return check();
  } catch (error) {
    throw catalogFailure(error, file);
  }
}

/** Waits for `file` to be kept; what fails becomes a failure of the catalogue. */
export async function keeping(file: string, kept: Promise<void>): Promise<void> {
  await kept.catch((error: unknown) => {
    throw catalogFailure(error, file);
  });
}
