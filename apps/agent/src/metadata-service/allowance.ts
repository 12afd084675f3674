/** How often each may do something: one that floods the endpoint takes it from nobody else (T62). Pure but for what it remembers. */

export interface AllowanceSize {
  /** At once. */
  readonly burst: number;
  /** How many more each second. */
  readonly perSecond: number;
}

/** Those that are remembered; those that came least recently are forgotten first. */
const mostKeys = 1000;

interface Bucket {
  readonly left: number;
  readonly at: number;
}

/** Holds what each has left. */
export class Allowance<Key> {
  readonly #size: AllowanceSize;
  readonly #buckets = new Map<Key, Bucket>();

  constructor(size: AllowanceSize) {
    this.#size = size;
  }

  /** Whether this one may now, which uses up one. `now` is monotonic, milliseconds. */
  admits(key: Key, now: number): boolean {
    const { burst, perSecond } = this.#size;
    const known = this.#buckets.get(key) ?? { left: burst, at: now };
    const left = Math.min(burst, known.left + ((now - known.at) / 1000) * perSecond);
    const admitted = left >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: admitted ? left - 1 : left, at: now });
    for (const [oldest] of this.#buckets) {
      if (this.#buckets.size <= mostKeys) break;
      this.#buckets.delete(oldest);
    }
    return admitted;
  }
}
