/**
 * Large files are unpacked one behind the other, beside the small ones: they are inflated on a thread of Node's pool, and while
 * that works the small ones keep this one busy. One at a time, so that memory does not grow with their number.
 */
export class LargeFiles {
  readonly #stop = new AbortController();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;
  #failure: { readonly error: unknown } | undefined;

  /** Whether one is on its way or waits. */
  get busy(): boolean {
    return this.#waiting > 0;
  }

  /** Runs `give` when those before it are done and none has failed. Its signal says that nobody wants the content any more. */
  add(give: (stopped: AbortSignal) => Promise<void>): void {
    this.#waiting += 1;
    this.#last = this.#give(this.#last, give);
  }

  async #give(before: Promise<void>, give: (stopped: AbortSignal) => Promise<void>): Promise<void> {
    await before;
    try {
      if (this.#failure === undefined && !this.#stop.signal.aborted) await give(this.#stop.signal);
    } catch (error) {
      this.#failure ??= { error };
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Throws what the first failure threw. */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** Resolves when all are done; throws what the first failure threw. */
  async finish(): Promise<void> {
    await this.#last;
    this.throwIfFailed();
  }

  /** Ends the one on its way and those that wait; resolves when nothing is going on any more. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('Not wanted any more.'));
    await this.#last;
  }
}
