/** Time and randomness of the control plane. Everything that needs them takes this as an argument. */
import { randomBytes, randomUUID } from 'node:crypto';

export interface Environment {
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** A fresh random GUID, lower case. */
  guid(): string;
  /** Fresh random bytes. */
  randomBytes(length: number): Uint8Array;
}

/** The environment of this process. */
export function processEnvironment(): Environment {
  return { now: () => Date.now(), guid: () => randomUUID(), randomBytes: (length) => randomBytes(length) };
}
