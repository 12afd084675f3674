/** Which of an operation's steps are news to whoever follows it. Pure. */

/** A status of an extension's instance view, as far as it matters here. */
export interface ViewStatus {
  readonly code: string;
  readonly displayStatus: string;
  readonly time: string;
}

export interface Step {
  readonly state: string;
  readonly time: string;
}

/**
 * Remembers what was told. States that the operation went through stay in the view; what the machine is at just now stands behind them
 * and vanishes again. Either is told once, and a step not when its word was told before. Anything else in the view is no step.
 */
export class ToldSteps {
  readonly #told = new Set<string>();
  readonly #words = new Set<string>();
  #last = '';

  /** Those of `statuses` that have not been told, in their order. */
  news(statuses: readonly ViewStatus[]): readonly Step[] {
    const news: Step[] = [];
    for (const { code, displayStatus, time } of statuses) {
      const isState = code.startsWith('OperationState/');
      if (!isState && !code.startsWith('Sallyport/Step/')) continue;
      // A step is said again and again, each time with the time it was heard at.
      const key = isState ? `${code} ${time}` : code;
      if (this.#told.has(key)) continue;
      this.#told.add(key);
      const state = displayStatus.replace(/^./, (letter) => letter.toUpperCase());
      // A step goes on while states are gone through: only one that no state has told of yet is news.
      if (state === this.#last || (!isState && this.#words.has(state))) continue;
      this.#last = state;
      this.#words.add(state);
      news.push({ state, time });
    }
    return news;
  }
}
