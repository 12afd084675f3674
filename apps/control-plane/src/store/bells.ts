/** Carries rings to the other control planes on the same store: a machine may be held by any of them, and some things each remembers. */
export interface Bells {
  /** Tells the others: the id of a machine, or another name without a comma. It does not wait and never fails: a ring may be lost. */
  ring(bell: string): void;
  /**
   * Calls back for each ring of another one, and with undefined when rings may have been missed: then anything may be meant. There
   * may be several who listen.
   */
  listen(rung: (bell: string | undefined) => void): Promise<void>;
}

/** For a store that only one process can use. */
export const noBells: Bells = { ring: () => undefined, listen: () => Promise.resolve() };
