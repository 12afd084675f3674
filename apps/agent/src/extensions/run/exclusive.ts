/** One at a time: handlers' commands take the package manager's lock and the like, so they are not run side by side. */

export type Exclusive = <T>(task: () => Promise<T>) => Promise<T>;

/** A queue of its own: tasks run in the order they came, and one that fails does not stop the next. */
export function exclusive(): Exclusive {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const turn = last.then(task, task);
    last = turn;
    return turn;
  };
}
