/**
 * Writes groups of heartbeats: small ones here, large ones in a thread of their own. Reading heartbeats, writing them and waiting for the
 * disk is a third of what many cost the thread that answers everybody; for a few, telling another thread costs more, and so it does where
 * the database is a process of its own, which nobody stands still for (decision 0211).
 */
import { Worker } from 'node:worker_threads';
import type { Store } from '../store/store.ts';
import { heartbeatWriting } from './heartbeat-row.ts';
import type { FromHeartbeatThread, ToHeartbeatThread } from './heartbeat-thread.ts';
import { writeHeartbeats, type ReadHeartbeat, type SentHeartbeat } from './write-heartbeats.ts';

export interface HeartbeatWriter {
  /** Resolves when those that are heartbeats are on disk. One group at a time. */
  write(sent: readonly SentHeartbeat[]): Promise<readonly ReadHeartbeat[]>;
  /** Ends the thread; the group that is being written is written first. */
  close(): Promise<void>;
}

/** As many as this are worth telling another thread: while fewer come at once, there is time. */
export const fewestForThread = 16;

/**
 * So long after a large group was written all are told the thread: where many come, what is left over from one group is a small one, and this thread
 * would stand still for the disk in the middle of it. Milliseconds.
 */
const busyMilliseconds = 100;

/** A writer to the store. The thread begins with the first large group, and anew after it has failed. `monotonic` gives milliseconds. */
export function createHeartbeatWriter(
  store: Pick<Store, 'rowWriter' | 'file'>,
  monotonic: () => number = () => performance.now(),
): HeartbeatWriter {
  const write = store.rowWriter(heartbeatWriting);
  const { file } = store;
  if (file === undefined) return { write: (sent) => writeHeartbeats(write, sent), close: () => Promise.resolve() };
  let running: HeartbeatThread | undefined;
  let busyUntil = Number.NEGATIVE_INFINITY;

  function thread(path: string): HeartbeatThread {
    if (running === undefined || running.ended) running = new HeartbeatThread(path);
    return running;
  }

  return {
    write: async (sent) => {
      const isLarge = sent.length >= fewestForThread;
      if (!isLarge && monotonic() >= busyUntil) return writeHeartbeats(write, sent);
      const read = await file.whileAnotherWrites(() => thread(file.path).write(sent));
      // From its end: what came while it was written is what the next group is made of.
      if (isLarge) busyUntil = monotonic() + busyMilliseconds;
      return read;
    },
    close: async () => {
      await file.whileAnotherWrites(() => running?.close() ?? Promise.resolve());
      running = undefined;
    },
  };
}

interface Waiting {
  readonly resolve: (read: readonly ReadHeartbeat[]) => void;
  readonly reject: (error: unknown) => void;
}

class HeartbeatThread {
  ended = false;
  readonly #worker: Worker;
  readonly #over: Promise<void>;
  #waiting: Waiting | undefined;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./heartbeat-thread.ts', import.meta.url), { workerData: path });
    this.#worker.on('message', (about: FromHeartbeatThread) => this.#settle(about));
    this.#worker.on('error', (error) => this.#end(error));
    this.#over = new Promise((resolve) => {
      this.#worker.once('exit', (code) => {
        this.#end(new Error(`The thread that writes heartbeats ended with ${code}.`));
        resolve();
      });
    });
  }

  write(sent: readonly SentHeartbeat[]): Promise<readonly ReadHeartbeat[]> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#post(sent);
    });
  }

  close(): Promise<void> {
    this.#post('close');
    return this.#over;
  }

  #post(message: ToHeartbeatThread): void {
    // While nobody waits for it the process may end.
    this.#worker.ref();
    this.#worker.postMessage(message, []);
  }

  #settle(about: FromHeartbeatThread): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#worker.unref();
    if ('read' in about) waiting?.resolve(about.read);
    else waiting?.reject(new Error(about.failed));
  }

  #end(error: unknown): void {
    this.ended = true;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
