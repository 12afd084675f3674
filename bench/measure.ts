/**
 * How benchmarks measure: this and that in turns, A B A B …, and the ratio pair by pair, so that a machine whose speed drifts
 * moves both. Medians are quoted; the range says how noisy it was.
 */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

/** Median and range of at least one number. */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = sorted.length / 2;
  return {
    median: sorted.length % 2 === 1 ? at(Math.floor(middle)) : (at(middle - 1) + at(middle)) / 2,
    least: at(0),
    most: at(sorted.length - 1),
  };
}

export interface Comparison {
  readonly ours: Spread;
  readonly peer: Spread;
  /** Ours divided by the peer's, pair by pair. */
  readonly ratio: Spread;
}

/** Milliseconds of each, in turns, after one uncounted turn. Each side does its own clearing up outside the timed part. */
export async function compare(
  rounds: number,
  ours: () => Promise<number>,
  peer: () => Promise<number>,
): Promise<Comparison> {
  const mine: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    const a = await ours();
    const b = await peer();
    if (round === 0) continue;
    mine.push(a);
    theirs.push(b);
  }
  return {
    ours: spreadOf(mine),
    peer: spreadOf(theirs),
    ratio: spreadOf(mine.map((value, i) => value / (theirs[i] ?? Number.NaN))),
  };
}

/** Milliseconds that `work` takes. */
export async function timed(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}
