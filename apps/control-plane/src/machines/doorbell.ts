/**
 * The doorbell: held heartbeats that are answered early when a machine's goal state changes. A change is committed first and
 * rung after, so whoever wakes sees it; losing a ring costs latency only, since the agent also polls. A machine may be held by another
 * control plane on the same store: the ring goes there too.
 */
import type { Bells } from '../store/bells.ts';
import { Rounds, type Round, type Waiting } from './rounds.ts';

/** A moment, as counted in rings. */
export type RingMark = number;

/** How a wait ended: rung (or cancelled: look again), or nobody rang for as long as it was to last, or until the doorbell was closed. */
export type WaitEnd = 'rung' | 'over';

export interface Wait {
  readonly rung: Promise<WaitEnd>;
  cancel(): void;
}

export interface Doorbell {
  /** Now. */
  mark(): RingMark;
  /**
   * Whether what was read of a machine after the mark may be out of date: it was rung for since, or nobody remembers. A wait that
   * begins before this is asked misses nothing that was read after the mark.
   */
  mayHaveRung(vmId: string, since: RingMark): boolean;
  /**
   * Waits for a ring, at most `milliseconds`; ends at once when it is cancelled (its client has gone) or the doorbell is closed.
   * Call it before reading what the ring is about, so that none is missed.
   */
  wait(vmId: string, milliseconds: number): Wait;
  ring(vmId: string): void;
  /** How many requests of a machine are held. */
  waiting(vmId: string): number;
  /** How many are held in all. */
  readonly held: number;
  /** Answers everyone and holds nobody from now on. */
  close(): void;
  readonly closed: boolean;
}

/** Rings that are remembered by machine; for what is older everybody looks again. */
const mostRemembered = 1_000;

/** One held request. There are as many as machines, so it is made of little. */
class Held implements Wait, Waiting {
  readonly rung: Promise<WaitEnd>;
  readonly vmId: string;
  readonly #waiters: Waiters;
  #resolve: (how: WaitEnd) => void = () => undefined;
  #round: Round | undefined;

  constructor(waiters: Waiters, rounds: Rounds, vmId: string, milliseconds: number) {
    this.#waiters = waiters;
    this.vmId = vmId;
    this.rung = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    this.#round = rounds.join(this, milliseconds);
    waiters.set(vmId, [...(waiters.get(vmId) ?? []), this]);
  }

  cancel(): void {
    this.end('rung');
  }

  end(how: WaitEnd): void {
    if (this.#round === undefined) return;
    this.#round.leave(this);
    this.#round = undefined;
    const others = (this.#waiters.get(this.vmId) ?? []).filter((held) => held !== this);
    if (others.length === 0) this.#waiters.delete(this.vmId);
    else this.#waiters.set(this.vmId, others);
    this.#resolve(how);
  }
}

type Waiters = Map<string, readonly Held[]>;

/** What a ring is about, by what its name on the store begins with. No machine's id holds a blank. */
const about = { goal: '', end: 'ended ' } as const;

/** The two of this process: rung when a goal changes, and when an operation of a machine may have ended. */
export interface Doorbells {
  readonly doorbell: Doorbell;
  readonly endBell: Doorbell;
}

/** Whoever changes a goal may have ended an operation by it, so that rings both. */
export async function createDoorbells(bells: Bells): Promise<Doorbells> {
  const [goal, endBell] = [await createDoorbell(bells), await createDoorbell(bells, 'end')];
  const doorbell: Doorbell = {
    mark: () => goal.mark(),
    mayHaveRung: (vmId, since) => goal.mayHaveRung(vmId, since),
    wait: (vmId, milliseconds) => goal.wait(vmId, milliseconds),
    waiting: (vmId) => goal.waiting(vmId),
    get held() {
      return goal.held;
    },
    get closed() {
      return goal.closed;
    },
    ring: (vmId) => {
      goal.ring(vmId);
      endBell.ring(vmId);
    },
    close: () => {
      goal.close();
      endBell.close();
    },
  };
  return { doorbell, endBell };
}

/** The doorbell of this process, heard by and hearing those of the others. */
export async function createDoorbell(bells: Bells, kind: keyof typeof about = 'goal'): Promise<Doorbell> {
  const waiters: Waiters = new Map();
  const rounds = new Rounds();
  /** Counts rings. */
  let rings: RingMark = 0;
  /** The last ring for each machine, oldest first; of those up to `forgotten` it is not known whom they were for. */
  const last = new Map<string, RingMark>();
  let forgotten: RingMark = 0;
  let closed = false;
  const ringHere = (vmId: string): void => {
    rings += 1;
    last.delete(vmId);
    last.set(vmId, rings);
    const [oldest] = last.size > mostRemembered ? last : [];
    if (oldest !== undefined) {
      const [machine, ring] = oldest;
      last.delete(machine);
      forgotten = ring;
    }
    for (const held of waiters.get(vmId) ?? []) held.cancel();
  };
  const ringEverybody = (): void => {
    rings += 1;
    forgotten = rings;
    last.clear();
    for (const own of waiters.values()) for (const held of own) held.cancel();
  };
  const prefix = about[kind];
  await bells.listen((bell) => {
    if (bell === undefined) ringEverybody();
    else if (bell.startsWith(about.end) === (kind === 'end')) ringHere(bell.slice(prefix.length));
  });
  return {
    mark: () => rings,
    mayHaveRung: (vmId, since) => forgotten > since || (last.get(vmId) ?? 0) > since,
    wait: (vmId, milliseconds) => {
      const held = new Held(waiters, rounds, vmId, milliseconds);
      if (closed) held.end('over');
      return held;
    },
    ring: (vmId) => {
      ringHere(vmId);
      bells.ring(prefix + vmId);
    },
    waiting: (vmId) => waiters.get(vmId)?.length ?? 0,
    close: () => {
      closed = true;
      for (const own of waiters.values()) for (const held of own) held.end('over');
    },
    get held() {
      return [...waiters.values()].reduce((sum, own) => sum + own.length, 0);
    },
    get closed() {
      return closed;
    },
  };
}
