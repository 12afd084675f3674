/**
 * Whose turn it is: handlers' commands take the package manager's lock and the like, so as many run side by side as the
 * administrator says and no more (`extensions.agent.parallelcommands`). Whoever waits can be called off and then waits no longer.
 */

/** Runs a task when its turn has come. Rejects with the signal's reason, at once, when it is called off while it waits. */
export type CommandLane = <T>(task: () => Promise<T>, signal: AbortSignal) => Promise<T>;

/** Tasks begin in the order they came; one that fails does not stop the next. `most` is asked whenever a turn may be given. */
export function commandLane(most: () => number): CommandLane {
  const waiting: (() => void)[] = [];
  let running = 0;

  function giveTurns(): void {
    while (waiting.length > 0 && running < Math.max(1, most())) {
      running += 1;
      waiting.shift()?.();
    }
  }

  function turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = (): void => {
        waiting.splice(waiting.indexOf(begin), 1);
        reject(signal.reason as Error);
      };
      waiting.push(begin);
      signal.addEventListener('abort', leave, { once: true });
      giveTurns();
    });
  }

  return async (task, signal) => {
    signal.throwIfAborted();
    await turn(signal);
    try {
      return await task();
    } finally {
      running -= 1;
      giveTurns();
    }
  };
}
