/** Work that several ask for at once and that is done once for all of them. */

export interface SharedWork {
  /** Asks for the work; rejects when it fails, or when the own signal aborts. It is given up when everybody who asked has gone. */
  join(signal?: AbortSignal): Promise<void>;
  /** Called by the work when it begins: whoever asks from now on is for the next. */
  begun(): void;
}

interface Turn {
  readonly done: Promise<void>;
  readonly control: AbortController;
  waiting: number;
}

/** `start` is called for the first of those who ask together. */
export function sharedWork(start: (signal: AbortSignal) => Promise<void>): SharedWork {
  let coming: Turn | undefined;

  function begin(): Turn {
    const control = new AbortController();
    const done = start(control.signal);
    // Everybody who asked may have gone by the time it fails.
    done.catch(() => undefined);
    return { done, control, waiting: 0 };
  }

  return {
    join(signal) {
      coming ??= begin();
      const turn = coming;
      turn.waiting += 1;
      return new Promise((resolve, reject) => {
        const leave = (): void => {
          turn.waiting -= 1;
          if (turn.waiting === 0) {
            turn.control.abort(signal?.reason);
            if (coming === turn) coming = undefined;
          }
          reject(signal?.reason as Error);
        };
        if (signal?.aborted === true) {
          leave();
          return;
        }
        signal?.addEventListener('abort', leave, { once: true });
        turn.done.finally(() => signal?.removeEventListener('abort', leave)).then(resolve, reject);
      });
    },
    begun() {
      coming = undefined;
    },
  };
}
