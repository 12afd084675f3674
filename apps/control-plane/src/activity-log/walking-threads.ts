/** The threads that a long log is verified by: one for each processor, as far as it is worth starting them. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { LogNotIntact, type Walked } from './chain-walk.ts';
import type { StretchReport } from './stretch-thread.ts';
import type { StretchTask } from './walk-stretch.ts';

/** Who walks stretches of a log beside the one that the caller walks. */
export interface Walkers {
  /** Into how many stretches a log of about so many events is to fall. */
  stretches(events: number): number;
  walk(task: StretchTask): Walking;
}

export interface Walking {
  readonly walked: Promise<Walked>;
  /** Gives it up. */
  stop(): Promise<void>;
}

/** A thread takes as long to start as some thousand events take to verify. */
const fewestEvents = 10_000;
/** More would wait for the disk. */
const mostThreads = 8;

/** Pure. */
export function stretchesFor(events: number, processors: number): number {
  return Math.max(1, Math.min(processors, mostThreads, Math.floor(events / fewestEvents)));
}

/** Walks each stretch in a thread of its own. */
export const walkingThreads: Walkers = {
  stretches: (events) => stretchesFor(events, availableParallelism()),
  walk: (task) => {
    const thread = new Worker(new URL('./stretch-thread.ts', import.meta.url), { workerData: task });
    const walked = new Promise<Walked>((resolve, reject) => {
      thread.once('message', (report: StretchReport) => {
        if ('walked' in report) resolve(report.walked);
        else reject(new LogNotIntact(report.broken));
      });
      thread.once('error', reject);
      thread.once('exit', (code) => reject(new Error(`A thread that verified the log ended with ${code}.`)));
    });
    // Whoever waits for an earlier stretch may never come to ask for this one.
    walked.catch(() => undefined);
    return { walked, stop: async () => void (await thread.terminate()) };
  },
};
