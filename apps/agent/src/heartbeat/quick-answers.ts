/**
 * A centre that answers held heartbeats at once is asked again at once, as it does that for a reason: an operation ends and the next one
 * is there. One that goes on like that holds nothing, and must not be asked in a tight loop.
 */

/** So many in a row, and one more for each of these pauses. Milliseconds. */
const mostInARow = 20;
const regainMilliseconds = 500;
/** Held for less than this is not held. Milliseconds. */
const leastHeld = 100;

/** Counts the answers that came at once. */
export class QuickAnswers {
  #left = mostInARow;
  #since: number;

  constructor(now: number) {
    this.#since = now;
  }

  /** A heartbeat that asked to be held was sent and answered then, on a clock that never jumps. Whether to pause before the next. */
  answered(sent: number, now: number): boolean {
    this.#left = Math.min(mostInARow, this.#left + (now - this.#since) / regainMilliseconds);
    this.#since = now;
    if (now - sent >= leastHeld) return false;
    this.#left = Math.max(0, this.#left - 1);
    return this.#left < 1;
  }
}
