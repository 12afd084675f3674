/**
 * How long a heartbeat asks to be held. What lies between an agent and its centre cuts connections that are silent for long, and nobody
 * says after how long: some after a minute, most not within ten. Each hold that went its whole way makes the next one longer; one that was
 * cut goes back to what every way lets pass, and a length that was cut twice is not tried again for a day. Fewer heartbeats are less work
 * for the centre of a large fleet; the bell is heard as soon with each.
 */

export interface HoldLengths {
  /** Seconds, ascending; the first passes everywhere. */
  readonly lengths: readonly [number, ...number[]];
  /** Milliseconds of a clock that only goes forward. */
  monotonic(): number;
}

const dayMilliseconds = 24 * 3_600_000;
const cutsThatCount = 2;
/** Answers come a little early or late. Seconds. */
const tolerance = 2;

export class HoldLength {
  readonly #options: HoldLengths;
  #step = 0;
  /** Lengths from this one on were cut. */
  #ceiling: { readonly step: number; readonly since: number } | undefined;
  readonly #cuts = new Map<number, number>();

  constructor(options: HoldLengths) {
    this.#options = options;
  }

  /** Of the next heartbeat, in seconds. */
  get seconds(): number {
    return this.#options.lengths[this.#step] ?? this.#options.lengths[0];
  }

  /** A heartbeat that asked for `asked` seconds was answered after `seconds`. */
  answered(asked: number, seconds: number): void {
    const { lengths } = this.#options;
    if (asked !== this.seconds || seconds < asked - tolerance) return;
    this.#cuts.delete(this.#step);
    const next = this.#step + 1;
    if (next < lengths.length && next < this.#highest()) this.#step = next;
  }

  /** One was not answered, and it was known after `seconds`. */
  failed(asked: number, seconds: number): void {
    // Sooner than the shortest it was something else: that one passes everywhere.
    if (this.#step === 0 || asked !== this.seconds || seconds <= this.#options.lengths[0]) return;
    const cuts = (this.#cuts.get(this.#step) ?? 0) + 1;
    this.#cuts.set(this.#step, cuts);
    if (cuts >= cutsThatCount) {
      this.#ceiling = { step: this.#step, since: this.#options.monotonic() };
      this.#cuts.clear();
    }
    this.#step = 0;
  }

  #highest(): number {
    const ceiling = this.#ceiling;
    if (ceiling === undefined) return Number.POSITIVE_INFINITY;
    if (this.#options.monotonic() - ceiling.since < dayMilliseconds) return ceiling.step;
    this.#ceiling = undefined;
    return Number.POSITIVE_INFINITY;
  }
}
