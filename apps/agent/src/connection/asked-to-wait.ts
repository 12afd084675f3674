/** What a server that has too much to do asks for (T19): to be left alone for a while. */
import { ServerRefusal } from './json-answer.ts';

/** A server cannot silence a machine for longer than this by asking. Seconds. */
const longest = 300;

/**
 * How long to wait at least after a failure, in milliseconds: what the server asked for and up to a quarter more, so that those who were
 * told the same do not come back together; 0 when it asked for nothing.
 */
export function askedToWait(error: unknown, random: () => number): number {
  if (!(error instanceof ServerRefusal) || error.retryAfterSeconds === undefined) return 0;
  return Math.min(error.retryAfterSeconds, longest) * 1000 * (1 + random() / 4);
}
