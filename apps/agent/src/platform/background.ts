/** Work in the background that begins once and goes on until it is stopped. */

export class Background {
  readonly #work: (signal: AbortSignal) => Promise<void>;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;

  /** `work` is called once and ends soon after its signal aborts. */
  constructor(work: (signal: AbortSignal) => Promise<void>) {
    this.#work = work;
  }

  /** Aborted when it is stopped. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  start(): void {
    this.#running ??= this.#work(this.#stop.signal);
  }

  /** Resolves when nothing is at work any more; rejects with what the work failed of. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}
