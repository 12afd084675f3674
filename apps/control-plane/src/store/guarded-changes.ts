/**
 * Changes that hold only if something is still so. The look and the change are one transaction, whichever handler makes the change:
 * between them nobody else can write, in this process or in another.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { isDeepStrictEqual } from 'node:util';
import type { Reader, Store, Writer } from './store.ts';

/** Looks, in the transaction of the change, and throws when the change is not to be made. */
export type Guard = (writer: Writer) => Promise<void>;

interface Standing {
  readonly guard: Guard;
  /** Whether a change was made under it. It is about the first one: later ones change what it looked at themselves. */
  passed: boolean;
}

const standing = new AsyncLocalStorage<Standing | undefined>();

/** The store with changes that run under the guard of whoever called, if there is one. */
export function withGuardedChanges(store: Store): Store {
  return {
    ...store,
    change: async (change) => {
      const over = standing.getStore();
      if (over === undefined || over.passed) return store.change(change);
      const value = await store.change(async (writer) => {
        await over.guard(writer);
        return change(writer);
      });
      over.passed = true;
      return value;
    },
  };
}

/**
 * Runs work whose first change is made only if the guard lets it. Work that changes nothing meets the guard at its end, so that it is
 * never passed by. A guard around it counts as well.
 */
export async function underGuard<T>(store: Store, guard: Guard, work: () => Promise<T>): Promise<T> {
  const around = standing.getStore();
  const own: Standing = {
    guard: async (writer) => {
      if (around !== undefined && !around.passed) await around.guard(writer);
      await guard(writer);
    },
    passed: false,
  };
  const value = await standing.run(own, work);
  if (!own.passed) await store.observe(async (writer) => ({ value: await own.guard(writer), events: [] }));
  if (around !== undefined) around.passed = true;
  return value;
}

/** Somebody else wrote what some work is about since it was read for it. */
class NotAsRead extends Error {
  override readonly name = 'NotAsRead';
  readonly work: symbol;

  constructor(work: symbol) {
    super('Somebody else wrote it since it was read.');
    this.work = work;
  }
}

/**
 * Runs work on what it was read from, and again from a fresh reading when somebody else wrote that meanwhile: what is merged with the
 * state of a resource is merged with the state that it is written over.
 */
export async function onWhatWasRead<Read, T>(
  store: Store,
  read: (reader: Reader) => Promise<Read>,
  work: (read: Read) => Promise<T>,
): Promise<T> {
  for (;;) {
    const own = Symbol();
    const before = await read(store.read);
    const unchanged: Guard = async (writer) => {
      if (!isDeepStrictEqual(await read(writer), before)) throw new NotAsRead(own);
    };
    try {
      return await underGuard(store, unchanged, () => work(before));
    } catch (error) {
      // What work around this one was read from is for that to read again.
      if (!(error instanceof NotAsRead) || error.work !== own) throw error;
    }
  }
}

/** Runs work that is somebody else's affair: no guard of the caller counts for it. */
export function withoutGuard<T>(work: () => Promise<T>): Promise<T> {
  return standing.run(undefined, work);
}
