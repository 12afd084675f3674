/**
 * For a process started with `NODE_OPTIONS=--import=<this file>`: the clock of its machine, as the file named by TEST_CLOCK says at every
 * look. What is measured in durations goes on as it is; only the minute that a file of the catalog or a package may take is shortened when
 * it says so, because no test waits a minute.
 */
import { readFileSync } from 'node:fs';

export interface WarpedClock {
  /** How far the clock is off, in milliseconds. */
  readonly ahead: number;
  readonly shortens: 'the catalog' | 'the package' | 'nothing';
}

/** How long each may take. Milliseconds; a package has the time that its length is worth besides. */
const limits = {
  'the catalog': { least: 60_000, most: 60_000 },
  'the package': { least: 60_001, most: 62_000 },
  nothing: { least: Infinity, most: 0 },
} as const;

const file = process.env['TEST_CLOCK'];
const Time = Date;

function warped(): WarpedClock {
  return file === undefined
    ? { ahead: 0, shortens: 'nothing' }
    : (JSON.parse(readFileSync(file, 'utf8')) as WarpedClock);
}

globalThis.Date = new Proxy(Time, {
  construct: (target, args: [], asked) => Reflect.construct(target, args.length === 0 ? [now()] : args, asked) as Date,
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
});

function now(): number {
  return Time.now() + warped().ahead;
}

const timeout = AbortSignal.timeout.bind(AbortSignal);
AbortSignal.timeout = (milliseconds) => {
  const { least, most } = limits[warped().shortens];
  return timeout(milliseconds >= least && milliseconds <= most ? 500 : milliseconds);
};
