/**
 * Beats: each answer to a heartbeat holds a number that the next heartbeat repeats, and with it the number it came from. One
 * agent repeats them in one line. Two agents with one identity make the line fork: a number turns up whose origin is not the last
 * one that turned up (T73). Lost, late and repeated requests cannot look like that, because an agent that has received a number
 * never goes back to an earlier one; so a fork is a proof. A database that was restored, or a machine that was set back with its
 * memory, makes one fork and no second, which is why it takes two. Pure.
 */

/** A number that an answer held, and the one its request held: 0 for the first request of a process. */
export interface Beat {
  readonly number: number;
  readonly from: number;
}

/** Before the first answer. */
export const noBeat: Beat = { number: 0, from: 0 };

/** What a fork adds, and a beat in line takes away again. */
export const forkWeight = 8;
/** Two forks within a few beats. */
export const cloneWeight = 12;

/** Numbers within one millisecond. */
const perMillisecond = 1024;

/** The number of the answer to a request that held `previous`: higher than that one, and nobody else's. `random` is within 0 and 1. */
export function nextBeat(previous: Beat, now: number, random: number): Beat {
  const number = Math.max(now * perMillisecond + Math.floor(random * perMillisecond), previous.number + 1);
  return { number, from: previous.number };
}

/** As heartbeats carry it. */
export function formatBeat({ number, from }: Beat): string {
  return `${number}.${from}`;
}

/** What a heartbeat repeats. Anything else counts as the first of a process: machines are not refused for it. */
export function parseBeat(text: string | undefined): Beat {
  const [, number = '', from = ''] = /^(\d{1,16})\.(\d{1,16})$/.exec(text ?? '') ?? [];
  const beat = { number: Number(number), from: Number(from) };
  return Number.isSafeInteger(beat.number) && Number.isSafeInteger(beat.from) && beat.from < beat.number
    ? beat
    : noBeat;
}
