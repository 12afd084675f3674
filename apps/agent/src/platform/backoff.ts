/** Growing waits with jitter, so that many machines do not come back in the same second. */

export interface BackoffOptions {
  readonly firstSeconds: number;
  readonly mostSeconds: number;
  /** 0 to 1. */
  random(): number;
}

/** Each call gives the next wait in milliseconds: doubled each time up to the most, of which a random half to whole is taken. */
export function backoff(options: BackoffOptions): () => number {
  let ceiling = options.firstSeconds;
  return () => {
    const wait = ceiling * (0.5 + options.random() / 2);
    ceiling = Math.min(ceiling * 2, options.mostSeconds);
    return wait * 1000;
  };
}
