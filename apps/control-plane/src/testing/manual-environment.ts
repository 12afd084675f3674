/** An environment whose clock stands until it is moved. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { Environment } from '../environment.ts';

export interface ManualEnvironment extends Environment {
  /** Moves the clock forward. */
  pass(seconds: number): void;
}

export function manualEnvironment(start = Date.UTC(2026, 0, 1)): ManualEnvironment {
  let now = start;
  return {
    now: () => now,
    guid: () => randomUUID(),
    randomBytes: (length) => randomBytes(length),
    pass: (seconds) => {
      now += seconds * 1000;
    },
  };
}
