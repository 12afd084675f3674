/**
 * Timers for many who wait long: those that would end within a second of one another end together. Each held heartbeat that ends brings
 * the next one, and some that come at once are one question to the store and one commit; one by one, all through the second, they cost
 * several times as much (decision 0220).
 */

/** What is called when its time is over, unless it has left before. */
export interface Waiting {
  end(how: 'over'): void;
}

/** Waits that are shorter end when they are to. Milliseconds. */
const shortWait = 10_000;
const roundMilliseconds = 1_000;

/** When a wait that begins now is over: never later than it asks for. Pure. */
export function endOfWait(now: number, milliseconds: number): number {
  const end = now + milliseconds;
  return milliseconds < shortWait ? end : Math.floor(end / roundMilliseconds) * roundMilliseconds;
}

/** Those that end together. */
export class Round {
  readonly #waiting = new Set<Waiting>();
  readonly #timer: NodeJS.Timeout;
  readonly #isOver: () => void;

  constructor(milliseconds: number, isOver: () => void) {
    this.#isOver = isOver;
    this.#timer = setTimeout(() => {
      isOver();
      for (const waiting of this.#waiting) waiting.end('over');
    }, milliseconds);
  }

  join(waiting: Waiting): void {
    this.#waiting.add(waiting);
  }

  leave(waiting: Waiting): void {
    this.#waiting.delete(waiting);
    if (this.#waiting.size > 0) return;
    clearTimeout(this.#timer);
    this.#isOver();
  }
}

/** The rounds that are still to end. */
export class Rounds {
  readonly #rounds = new Map<number, Round>();

  /** Waits at most that long; whoever has waited leaves what this returns. */
  join(waiting: Waiting, milliseconds: number): Round {
    const now = performance.now();
    const end = endOfWait(now, milliseconds);
    let round = this.#rounds.get(end);
    if (round === undefined) {
      round = new Round(end - now, () => this.#rounds.delete(end));
      this.#rounds.set(end, round);
    }
    round.join(waiting);
    return round;
  }
}
