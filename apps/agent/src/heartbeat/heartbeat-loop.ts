/**
 * The heartbeat is the doorbell: one held request that carries the heartbeat up and comes back early when the centre wants
 * something else than it did. What comes back is a hint, never authority: it only makes the agent look.
 */
import { messageOf } from '@sallyport/model';
import type { HeartbeatRequest, HeartbeatResponse } from '@sallyport/model/wire';
import { failureWaits } from '../connection/failure-waits.ts';
import type { Log } from '../platform/log.ts';
import { sleep } from '../platform/sleep.ts';
import { HoldLength, type HoldLengths } from './hold-length.ts';
import { QuickAnswers } from './quick-answers.ts';

export interface HeartbeatOptions {
  readonly log: Log;
  /** How long requests are held, seconds, ascending: see {@link HoldLength}. */
  readonly holds: HoldLengths['lengths'];
  /** What the heartbeat carries now; asked before each one. */
  content(holdSeconds: number): HeartbeatRequest;
  send(request: HeartbeatRequest, signal: AbortSignal): Promise<HeartbeatResponse>;
  /** What the centre said, after every heartbeat that was answered; the next one waits for it. Failing counts as a failed heartbeat. */
  heard(response: HeartbeatResponse, signal: AbortSignal): Promise<void>;
  random(): number;
  monotonic(): number;
}

/** Holds the loop. */
export class HeartbeatLoop {
  readonly #options: HeartbeatOptions;
  readonly #stop = new AbortController();
  #wake = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Sends the next heartbeat at once: what it carries has changed. */
  wake(): void {
    this.#wake.abort();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    this.#wake.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const stopped = this.#stop.signal;
    const random = (): number => this.#options.random();
    let wait = failureWaits(random);
    // The first is not held: the centre shall know at once that the machine is there.
    let hold = 0;
    const { holds: lengths } = this.#options;
    const length = new HoldLength({ lengths, monotonic: () => this.#options.monotonic() });
    const quick = new QuickAnswers(this.#options.monotonic());
    while (!stopped.aborted) {
      this.#wake = new AbortController();
      const woken = AbortSignal.any([stopped, this.#wake.signal]);
      const begun = this.#options.monotonic();
      try {
        const response = await this.#options.send(this.#options.content(hold), woken);
        const answered = this.#options.monotonic();
        length.answered(hold, (answered - begun) / 1000);
        await this.#options.heard(response, stopped);
        wait = failureWaits(random);
        const pauses = hold > 0 && quick.answered(begun, answered);
        hold = length.seconds;
        if (pauses) await sleep(200 + 300 * this.#options.random(), woken);
      } catch (error) {
        if (stopped.aborted) return;
        if (this.#wake.signal.aborted) {
          hold = 0;
          continue;
        }
        this.#options.log('warn', 'heartbeat failed', { error: messageOf(error) });
        length.failed(hold, (this.#options.monotonic() - begun) / 1000);
        await sleep(wait(error), woken);
        hold = 0;
      }
    }
  }
}
