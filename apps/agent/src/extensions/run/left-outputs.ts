/**
 * Outputs of commands that have ended while processes they left behind still have them open: those write into a file that
 * nobody sees, and it must not grow for ever (T45). They are looked at as long as this agent runs.
 */
import type { OutputFile } from './output-file.ts';

const lookMilliseconds = 5000;
/** More are given up, the oldest first: each has two descriptors of the agent. */
const mostKept = 32;

interface Kept {
  readonly files: readonly OutputFile[];
  /** Whether somebody may still write. */
  inUse(): boolean;
}

/** Holds them. */
export class LeftOutputs {
  readonly #kept: Kept[] = [];
  #timer: NodeJS.Timeout | undefined;

  keep(kept: Kept): void {
    this.#kept.push(kept);
    if (this.#kept.length > mostKept) this.#kept.shift()?.files.forEach((file) => file.close());
    // Not a reason for the agent to stay.
    this.#timer ??= setInterval(() => this.look(), lookMilliseconds).unref();
  }

  /** Trims what is in use and closes the rest. */
  look(): void {
    const unused = this.#kept.filter((one) => !one.inUse());
    unused.forEach((one) => this.#drop(one));
    for (const { files } of this.#kept) files.forEach((file) => file.trim());
    if (this.#kept.length === 0) this.#stop();
  }

  isInUse(): boolean {
    return this.#kept.length > 0;
  }

  /** Closes all. */
  close(): void {
    this.#kept.splice(0).forEach(({ files }) => files.forEach((file) => file.close()));
    this.#stop();
  }

  #drop(one: Kept): void {
    this.#kept.splice(this.#kept.indexOf(one), 1);
    one.files.forEach((file) => file.close());
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
