/**
 * Watches how large the folders of an extension become while a command of it runs. File systems have no limit for a folder, so
 * this looks every so often; what is written in between goes over it, each file by no more than its own limit (T45).
 */
import { setTimeout as pause } from 'node:timers/promises';
import { treeSize } from './tree-size.ts';

/** Between two looks at least this long, and never more than a small part of the time. Milliseconds. */
const leastPause = 1000;
const pausePerLook = 50;

/** Calls back once, when the folders are above the limit. Ends with the signal. */
export async function watchDisk(
  folders: readonly string[],
  limit: number,
  exceeded: (bytes: number) => void,
  signal: AbortSignal,
): Promise<void> {
  let took = 0;
  for (;;) {
    try {
      await pause(Math.max(leastPause, took * pausePerLook), undefined, { signal });
    } catch {
      // The command has ended.
      return;
    }
    const begun = performance.now();
    const bytes = await treeSize(folders, limit, signal);
    took = performance.now() - begun;
    if (bytes <= limit) continue;
    if (!signal.aborted) exceeded(bytes);
    return;
  }
}
