/** Carries rings of machines to the other control planes on the same store: a machine may be held by any of them. */
export interface Bells {
  /** Tells the others. It does not wait and never fails: a ring that is lost costs latency only. */
  ring(vmId: string): void;
  /** Calls back for each ring of another one, and with undefined when rings may have been missed: then anybody may be meant. */
  listen(rung: (vmId: string | undefined) => void): Promise<void>;
}

/** For a store that only one process can use. */
export const noBells: Bells = { ring: () => undefined, listen: () => Promise.resolve() };
