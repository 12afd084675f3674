/**
 * The next command of an operation, at its gate while the step before it is still being carried out: starting a process and entering the
 * groups of its extension takes as long as a small command itself.
 */
import type { LimitedAtGate } from './run-within-limits.ts';

/** What was true when it was started may not be so for ever: limits are changed, and one's turn can be long in coming. Milliseconds. */
const mostAge = 10_000;

interface Waiting {
  readonly key: string;
  readonly command: LimitedAtGate;
  readonly since: number;
}

/** A command that could be started. */
export interface Next {
  /** Says which command it is, with everything that it is called with. */
  readonly key: string;
  start(): LimitedAtGate;
}

/** Holds one command at most. */
export class CommandAhead {
  readonly #monotonic: () => number;
  #next: () => Next | undefined = () => undefined;
  #waiting: Waiting | undefined;

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic;
  }

  /** A step begins; `next` says what comes after it. */
  plan(next: () => Next | undefined): void {
    this.#next = next;
  }

  /** The step waits for something from here on, so that there is time. Never throws: what cannot be started now is when it is its turn, and tells then. */
  begin(): void {
    const next = this.#next;
    this.#next = () => undefined;
    if (this.#waiting !== undefined) return;
    try {
      const one = next();
      if (one !== undefined) this.#waiting = { key: one.key, command: one.start(), since: this.#monotonic() };
    } catch {
      // No room for its output, say.
    }
  }

  /** The command, if it is the one that waits; another one is given up. */
  async take(key: string): Promise<LimitedAtGate | undefined> {
    const waiting = this.#waiting;
    if (waiting?.key !== key || this.#monotonic() - waiting.since > mostAge) {
      await this.giveUp();
      return undefined;
    }
    this.#waiting = undefined;
    return waiting.command;
  }

  /** Nothing is left of it when it resolves. */
  async giveUp(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    await waiting?.command.giveUp();
  }
}
