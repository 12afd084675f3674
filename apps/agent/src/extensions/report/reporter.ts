/**
 * Tells the centre how operations go. What moves is told as it moves, newest only; ends are in the journal first and are told
 * until the centre has acknowledged them.
 */
import { isTerminal, messageOf } from '@sallyport/model';
import type { ExtensionReport, ReportRequest } from '@sallyport/model/wire';
import { failureWaits } from '../../connection/failure-waits.ts';
import type { Log } from '../../platform/log.ts';
import { sleep } from '../../platform/sleep.ts';
import { resourceKey } from '../plan/conclusion.ts';
import { inBatches, isUnacceptable } from './report-batches.ts';
import type { Journal } from '../state/journal.ts';

export interface ReporterOptions {
  readonly journal: Journal;
  readonly log: Log;
  /** Sends one request; throws when the centre did not take it. */
  send(request: ReportRequest, signal: AbortSignal): Promise<void>;
}

/** What moves is told after this long, so that a quick operation is told by its end alone; people watch it move all the same. Milliseconds. */
const settleMilliseconds = 250;
/** Of an operation that starts over again and again while the centre cannot be reached, so many states are told. */
const mostPassed = 16;

/** Holds the reports that are waiting and one request at most on its way. */
export class Reporter {
  readonly #options: ReporterOptions;
  readonly #stop = new AbortController();
  readonly #progress = new Map<string, ExtensionReport>();
  #generation = 0;
  #busy = false;
  #sending: Promise<void> = Promise.resolve();
  #nudge = new AbortController();
  #soon: NodeJS.Timeout | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  /** The generation of the goal state that reports answer to. */
  set generation(generation: number) {
    this.#generation = generation;
  }

  /** Takes a report and returns at once; an end is on disk by then. */
  report(whole: ExtensionReport): void {
    const report = withPassed(this.#progress.get(resourceKey(whole)), shortened(whole));
    if (isTerminal(report.state)) {
      this.#progress.delete(resourceKey(report));
      this.#options.journal.conclude(report);
      this.flush();
    } else {
      this.#progress.set(resourceKey(report), report);
      this.#tellSoon();
    }
  }

  /** Sends whatever waits; a wait after a failure ends. */
  flush(): void {
    clearTimeout(this.#soon);
    this.#soon = undefined;
    this.#nudge.abort();
    if (this.#busy) return;
    this.#busy = true;
    this.#sending = this.#sendAll();
  }

  /** Whether something is to be told. */
  isAtWork(): boolean {
    return this.#busy || this.#progress.size > 0 || this.#options.journal.unsent().length > 0;
  }

  /** Resolves when nothing is on its way. What was not told is told after the next start. */
  async stop(): Promise<void> {
    this.#stop.abort();
    clearTimeout(this.#soon);
    await this.#sending;
    this.#options.journal.settle();
  }

  /** Whatever is on its way or waits for the centre takes it along. */
  #tellSoon(): void {
    if (this.#busy || this.#stop.signal.aborted) return;
    this.#soon ??= setTimeout(() => this.flush(), settleMilliseconds);
  }

  async #sendAll(): Promise<void> {
    const { signal } = this.#stop;
    const wait = failureWaits(Math.random);
    let failed = false;
    for (let first = true; !signal.aborted; first = false) {
      const ends = this.#options.journal.unsent();
      const moving = [...this.#progress.values()];
      const extensions = [...ends, ...moving];
      if (extensions.length === 0 || (ends.length === 0 && !first && !failed)) break;
      failed = false;
      this.#progress.clear();
      try {
        for (const batch of inBatches(extensions)) await this.#sendBatch(batch);
      } catch (error) {
        if (signal.aborted) break;
        failed = true;
        for (const report of moving) {
          const key = resourceKey(report);
          const newer = this.#progress.get(key);
          if (newer !== undefined) this.#progress.set(key, withPassed(report, newer));
          else if (!this.#isOver(report)) this.#progress.set(key, report);
        }
        this.#options.log('warn', 'reports could not be sent', { error: messageOf(error) });
        this.#nudge = new AbortController();
        await sleep(wait(error), AbortSignal.any([signal, this.#nudge.signal]));
      }
    }
    // In the same breath as the decision to end, so that no report can come in between and be left.
    this.#busy = false;
    if (this.#progress.size > 0) this.#tellSoon();
  }

  /** One that the centre refuses for what it says keeps no other back, and is not told again: its operation ends at its deadline there. */
  async #sendBatch(batch: readonly ExtensionReport[]): Promise<void> {
    const { journal, log } = this.#options;
    try {
      await this.#options.send({ generation: this.#generation, extensions: [...batch] }, this.#stop.signal);
    } catch (error) {
      if (!isUnacceptable(error)) throw error;
      if (batch.length > 1) {
        for (const report of batch) await this.#sendBatch([report]);
        return;
      }
      const [report] = batch;
      log('error', 'the centre does not take a report; it is not told again', {
        resource: report?.resourceName,
        operation: report?.operationId,
        state: report?.state,
        error: messageOf(error),
      });
    }
    journal.markSent(batch.filter(({ state }) => isTerminal(state)));
  }

  #isOver(report: ExtensionReport): boolean {
    return this.#options.journal.conclusions().get(resourceKey(report))?.operationId === report.operationId;
  }
}

/** The newer of two reports of a resource, with the states that the older one would have told. */
function withPassed(older: ExtensionReport | undefined, newer: ExtensionReport): ExtensionReport {
  if (older?.operationId !== newer.operationId) return newer;
  const passed = [
    ...(older.passed ?? []),
    ...(older.state === newer.state ? [] : [{ state: older.state, time: older.time }]),
    ...(newer.passed ?? []),
  ];
  return passed.length === 0 ? newer : { ...newer, passed: passed.slice(-mostPassed) };
}

/** Extensions may write much; the centre takes half a megabyte for all of them together. */
function shortened(report: ExtensionReport): ExtensionReport {
  const cut = (text: string): string => (text.length > 16_384 ? `${text.slice(0, 16_384)} … (cut)` : text);
  const { status, error } = report;
  return {
    ...report,
    ...(status === undefined ? {} : { status: { ...status, message: cut(status.message) } }),
    ...(error === undefined ? {} : { error: { ...error, message: cut(error.message) } }),
  };
}
