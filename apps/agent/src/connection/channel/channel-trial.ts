/**
 * Whether the way to the control plane lets channels pass. What lies between may refuse an upgrade, cut it, or grant it and pass nothing
 * on; plain requests pass all the same. Whoever says no is asked again later, in case it was replaced, or was no more than slow. Pure.
 */

/** How asking for a channel, or the first request over one, ended badly. */
export type NoChannel =
  /** The request was answered by somebody who does not know of channels. */
  | 'refused'
  /** Nothing came, though plain requests are answered: now, and a control plane that stood still for a while answers now too. */
  | 'silent'
  /** The connection was cut, which a control plane does too while it ends. */
  | 'cut'
  /** A gateway said that nobody is behind it, as it does too while a control plane starts anew. */
  | 'away';

const minute = 60 * 1000;
/** The longest that a way goes without a channel. */
export const longestWithoutChannel = 24 * 60 * minute;

/**
 * For how long none is asked for after a failure, by how many in a row it is the last of: a way that lets nothing through does so each time,
 * and a control plane that is slow or starts anew does not (decision 0237).
 */
const pauses: Readonly<Record<NoChannel, readonly number[]>> = {
  refused: [longestWithoutChannel],
  silent: [5 * minute, 60 * minute, longestWithoutChannel],
  cut: [0, 5 * minute, 60 * minute, longestWithoutChannel],
  away: [0, 5 * minute, 60 * minute, longestWithoutChannel],
};

/** What was found out of a way before. */
export interface FormerTrial {
  /** Until then none is asked for; milliseconds of a clock that only goes forward. */
  readonly until: number;
  /** How many channels in a row have failed. */
  readonly failures: number;
}

export class ChannelTrial {
  #until: number;
  #failures: number;

  constructor(former: FormerTrial = { until: 0, failures: 0 }) {
    this.#until = former.until;
    this.#failures = former.failures;
  }

  /** How many channels in a row have failed on this way. */
  get failures(): number {
    return this.#failures;
  }

  /** Whether to ask for one now. */
  mayTry(now: number): boolean {
    return now >= this.#until;
  }

  /** Something was answered over a channel: whatever failed before was no fault of the way. */
  passed(): void {
    this.#failures = 0;
  }

  /** For how many milliseconds none is asked for now. */
  failed(how: NoChannel, now: number): number {
    const pause = pauses[how][Math.min(this.#failures, pauses[how].length - 1)] ?? longestWithoutChannel;
    this.#failures += 1;
    this.#until = now + pause;
    return pause;
  }
}
