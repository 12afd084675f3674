import { walkStretch } from '../activity-log/walk-stretch.ts';
import { walkingThreads, type Walkers } from '../activity-log/walking-threads.ts';

/** Verifies any log in so many stretches, without threads. */
export function onThisThread(stretches: number): Walkers {
  return {
    stretches: () => stretches,
    walk: (task) => {
      const walked = walkStretch(task);
      const over = walked.then(
        () => undefined,
        () => undefined,
      );
      return { walked, stop: () => over };
    },
  };
}

/** Verifies any log in so many stretches, each in a thread. */
export function inThreads(stretches: number): Walkers {
  return { ...walkingThreads, stretches: () => stretches };
}
