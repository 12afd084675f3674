/**
 * Whether the way to the control plane lets channels pass. What lies between may refuse an upgrade, cut it, or grant it and pass nothing
 * on; plain requests pass all the same. Whoever says no is asked again a day later, in case it was replaced. Pure.
 */

/** How asking for a channel, or the first request over one, ended badly. */
export type NoChannel =
  /** The request was answered by somebody who does not know of channels. */
  | 'refused'
  /** Nothing came, though plain requests are answered. */
  | 'silent'
  /** The connection was cut, which a control plane does too while it ends. */
  | 'cut'
  /** A gateway said that nobody is behind it, as it does too while a control plane starts anew. */
  | 'away';

/** How long a way that lets none through goes without. */
export const withoutChannelMilliseconds = 24 * 60 * 60 * 1000;
/** What happens by chance, and how often in a row it is none any more. */
const byChance: ReadonlySet<NoChannel> = new Set(['cut', 'away']);
const chancesThatCount = 2;

export class ChannelTrial {
  #until: number;
  #chances = 0;

  /** Until then none is asked for: it was found out before that this way lets none through. */
  constructor(until = 0) {
    this.#until = until;
  }

  /** Whether to ask for one now; milliseconds of a clock that only goes forward. */
  mayTry(now: number): boolean {
    return now >= this.#until;
  }

  /** Something was answered over a channel. */
  passed(): void {
    this.#chances = 0;
  }

  /** Whether that settles it, for a day. */
  failed(how: NoChannel, now: number): boolean {
    this.#chances += 1;
    if (byChance.has(how) && this.#chances < chancesThatCount) return false;
    this.#chances = 0;
    this.#until = now + withoutChannelMilliseconds;
    return true;
  }
}
