/**
 * The one door to the world outside the program: disk root, identity of the caller, time and randomness. Everything takes it
 * as an argument, so that several machines can live in one test process.
 */
import { statSync } from 'node:fs';
import { resolve } from 'node:path';

export interface Environment {
  /** All absolute paths hang under it: `/`, or what `AZCMAGENT_ROOT` says. Absolute, without a trailing slash unless `/`. */
  readonly root: string;
  /** Effective user id of this process. */
  readonly uid: number;
  /** Environment variables of the caller. Read them here only; handlers get an environment built from empty (T58). */
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Wall clock, milliseconds since 1970. */
  now(): number;
  /** Milliseconds on a clock that never jumps (T72). */
  monotonic(): number;
  /** A fresh random GUID. */
  guid(): string;
}

/** The environment of this process. */
export function processEnvironment(): Environment {
  const moved = process.env['AZCMAGENT_ROOT'];
  return {
    root: moved === undefined || moved === '' ? '/' : resolve(moved),
    uid: process.geteuid?.() ?? 0,
    variables: process.env,
    now: () => Date.now(),
    monotonic: monotonicNow,
    // Loaded when it is first asked, and most commands never ask; the global `crypto` would load what nobody needs.
    guid: () => process.getBuiltinModule('node:crypto').randomUUID(),
  };
}

/** Not `performance`, which brings its whole family along. */
function monotonicNow(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}

/**
 * The user id that owns everything under the root, and the only one besides 0 that counts as its administrator: 0 for `/`.
 * A moved root belongs to whoever owns its directory; one that does not exist yet belongs to root (S4.1, fails closed).
 */
export function administratorOf(environment: Environment): number {
  if (environment.root === '/') return 0;
  try {
    return statSync(environment.root).uid;
  } catch {
    return 0;
  }
}

/** Whether this process acts for the administrator of the machine (AZCM0018 when it does not and has to). */
export function isAdministrator(environment: Environment): boolean {
  return environment.uid === 0 || environment.uid === administratorOf(environment);
}
