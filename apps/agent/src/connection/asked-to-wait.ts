/** What a server that has too much to do asks for (T19): to be left alone for a while. */
import { ServerRefusal } from './json-answer.ts';

/** A server cannot silence a machine for longer than this by asking, nor have it ask all the time. Seconds. */
const longest = 300;
const shortest = 1;

/**
 * How long to wait after a failure, in milliseconds: what the server asked for, from a second to five minutes, and up to a quarter more, so
 * that those who were told the same do not come back together; undefined when it asked for nothing.
 */
export function askedToWait(error: unknown, random: () => number): number | undefined {
  if (!(error instanceof ServerRefusal) || error.retryAfterSeconds === undefined) return undefined;
  return Math.min(Math.max(error.retryAfterSeconds, shortest), longest) * 1000 * (1 + random() / 4);
}
