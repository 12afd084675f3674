/** Work beside the requests that is done again and again, never twice at once. */
import { messageOf } from '@sallyport/model';
import type { Log } from './http/log.ts';

export interface RepeatedWork {
  /** What could not be done, for the log: `deadlines could not be looked at`. */
  readonly failure: string;
  readonly everyMilliseconds: number;
  work(): Promise<void>;
}

/** Begins with the first time after one interval. Returns what ends it: it resolves when nothing is at work any more. */
export function repeatWork(repeated: RepeatedWork, log: Log): () => Promise<void> {
  let running: Promise<void> | undefined;
  const timer = setInterval(() => {
    // One that takes longer than its interval is not asked to do more.
    running ??= repeated
      .work()
      .catch((error: unknown) => {
        log.error({ msg: `${repeated.failure}; trying again`, reason: messageOf(error) });
      })
      .finally(() => {
        running = undefined;
      });
  }, repeated.everyMilliseconds);
  return async () => {
    clearInterval(timer);
    await running;
  };
}
