/**
 * The doorbell: held heartbeats that are answered early when a machine's goal state changes. A change is committed first and
 * rung after, so whoever wakes sees it; losing a ring costs latency only, since the agent also polls. A machine may be held by another
 * control plane on the same store: the ring goes there too.
 */
import type { Bells } from '../store/bells.ts';

export interface Doorbell {
  /**
   * Waits for a ring, at most `milliseconds`; ends at once when it is cancelled (its client has gone) or the doorbell is closed.
   * Call it before reading what the ring is about, so that none is missed.
   */
  wait(vmId: string, milliseconds: number): { readonly rung: Promise<void>; readonly cancel: () => void };
  ring(vmId: string): void;
  /** How many requests of a machine are held. */
  waiting(vmId: string): number;
  /** Answers everyone and holds nobody from now on. */
  close(): void;
}

/** The doorbell of this process, heard by and hearing those of the others. */
export async function createDoorbell(bells: Bells): Promise<Doorbell> {
  const waiters = new Map<string, Set<() => void>>();
  let closed = false;
  const ringHere = (vmId: string): void => {
    for (const finish of waiters.get(vmId) ?? []) finish();
  };
  const ringEverybody = (): void => {
    for (const own of waiters.values()) for (const finish of own) finish();
  };
  await bells.listen((vmId) => (vmId === undefined ? ringEverybody() : ringHere(vmId)));
  return {
    wait: (vmId, milliseconds) => {
      let finish = (): void => undefined;
      const rung = new Promise<void>((resolve) => {
        const timer = setTimeout(() => finish(), milliseconds);
        finish = () => {
          clearTimeout(timer);
          const own = waiters.get(vmId);
          own?.delete(finish);
          if (own?.size === 0) waiters.delete(vmId);
          resolve();
        };
        if (closed) {
          finish();
          return;
        }
        const own = waiters.get(vmId) ?? new Set();
        own.add(finish);
        waiters.set(vmId, own);
      });
      return { rung, cancel: () => finish() };
    },
    ring: (vmId) => {
      ringHere(vmId);
      bells.ring(vmId);
    },
    waiting: (vmId) => waiters.get(vmId)?.size ?? 0,
    close: () => {
      closed = true;
      ringEverybody();
    },
  };
}
