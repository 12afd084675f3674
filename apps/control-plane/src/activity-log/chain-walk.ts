/**
 * What makes a chain right: each event's hash is the one that follows on what was there before it, and where the log was signed it is what
 * was signed. A walk begins after any place, since each event follows on the stored hash of the one before it. Pure.
 */
import { nextHash } from './chain.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { LogHead } from './head-of-log.ts';
import type { StoredEvent } from './stored-log.ts';

/** The log is not what was written. The message says where that shows. */
export class LogNotIntact extends Error {
  override readonly name = 'LogNotIntact';
}

/** Events that follow on each other. */
export interface Walked {
  readonly events: number;
  /** The last of them, or what they were to follow on when there are none. */
  readonly end: LogHead;
}

/** Where the chain breaks. */
export function breakAt(position: number): LogNotIntact {
  return new LogNotIntact(
    `The chain breaks at position ${position}: this event was changed or inserted, or one before it was removed or moved.`,
  );
}

/** A walk along the chain, event by event. */
export class ChainWalk {
  readonly #sealed: readonly Checkpoint[];
  #next = 0;
  #position: number;
  #hash: string;
  #events = 0;

  /** `sealed` are the checkpoints that are met: in their order, none of them before `begin`. */
  constructor(begin: LogHead, sealed: readonly Checkpoint[]) {
    this.#position = begin.position;
    this.#hash = begin.hash;
    this.#sealed = sealed;
  }

  /** Goes on over these events. Throws {@link LogNotIntact} at the first that is not right. */
  over(events: readonly StoredEvent[]): void {
    for (const [position, hash, ...values] of events) {
      this.#hash = nextHash(this.#hash, values);
      this.#position = position;
      this.#events += 1;
      if (this.#hash !== hash) throw breakAt(position);
      this.holdAgainstSeals();
    }
  }

  /** Holds the place where the walk stands against the checkpoints up to it. */
  holdAgainstSeals(): void {
    for (let seal = this.#sealed[this.#next]; seal !== undefined; seal = this.#sealed[this.#next]) {
      if (this.#position < seal.position) return;
      if (this.#position !== seal.position || this.#hash !== seal.hash)
        throw new LogNotIntact(
          `Position ${seal.position} is not what the checkpoint of ${seal.time} says: the chain up to there was made anew.`,
        );
      this.#next += 1;
    }
  }

  /** Where it has come to. */
  walked(): Walked {
    return { events: this.#events, end: { position: this.#position, hash: this.#hash } };
  }

  /** At the end of the log: throws when a checkpoint names a place that was not reached. */
  endsHere(): void {
    const missing = this.#sealed[this.#next];
    if (missing === undefined) return;
    throw new LogNotIntact(
      `The log ends before position ${missing.position}, which the checkpoint of ${missing.time} names: its end was cut off.`,
    );
  }
}
