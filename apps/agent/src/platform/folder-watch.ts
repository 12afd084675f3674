/** Waiting until something changes in a few folders, at the cost of nothing while nothing does. */
import { statSync, watch, type FSWatcher } from 'node:fs';
import { sleep } from './sleep.ts';

/** Where a folder cannot be watched, because it is not there yet or no watches are left, looking again is all there is. Milliseconds. */
const lookMilliseconds = 500;
/** What a watch may have missed is seen this late. Whoever decides by such a file reads it himself. Milliseconds. */
const longestMilliseconds = 60_000;

interface Watched {
  readonly inode: bigint;
  /** Undefined where no watches are left. */
  readonly watcher: FSWatcher | undefined;
}

/** Holds the watches. */
export class FolderWatch {
  readonly #watched = new Map<string, Watched | undefined>();
  #changed = new AbortController();

  constructor(folders: readonly string[]) {
    for (const folder of folders) this.#watched.set(folder, undefined);
    this.#rewatch();
  }

  /** Resolves when something has changed since it resolved last, and from time to time; at once when the signal aborts. */
  async next(signal: AbortSignal): Promise<void> {
    const all = this.#rewatch();
    await sleep(all ? longestMilliseconds : lookMilliseconds, AbortSignal.any([signal, this.#changed.signal]));
    // Whatever happens from here on is seen by whoever looks now, or ends the next wait.
    this.#changed = new AbortController();
  }

  close(): void {
    for (const watched of this.#watched.values()) watched?.watcher?.close();
    this.#watched.clear();
  }

  /** A folder may come, go, and come again. Whether all of them are watched. */
  #rewatch(): boolean {
    for (const [folder, watched] of this.#watched) {
      const inode = statSync(folder, { throwIfNoEntry: false, bigint: true })?.ino;
      if (watched?.inode === inode) continue;
      watched?.watcher?.close();
      this.#watched.set(folder, inode === undefined ? undefined : { inode, watcher: this.#watch(folder) });
      // That it has come or gone is a change, and what happened in it before it was watched is not known.
      this.#changed.abort();
    }
    return [...this.#watched.values()].every((watched) => watched?.watcher !== undefined);
  }

  #watch(folder: string): FSWatcher | undefined {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#changed.abort());
      watcher.on('error', () => undefined);
      return watcher;
    } catch {
      return undefined;
    }
  }
}
