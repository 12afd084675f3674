/** A token that another process looks after, remembered for a moment: asking for it at every request costs as much as a small request. */
import type { TokenSource } from './agent-api.ts';

/** Whoever looks after it renews it long before its end; so long it can be used without asking. Milliseconds. */
const heldMilliseconds = 30_000;

/** `source` with what it gave last. A token that was not accepted is asked for anew. */
export function heldToken(source: TokenSource, monotonic: () => number): TokenSource {
  let held: { readonly value: string; readonly until: number } | undefined;
  return {
    async get(signal) {
      if (held !== undefined && monotonic() < held.until) return held.value;
      const value = await source.get(signal);
      held = { value, until: monotonic() + heldMilliseconds };
      return value;
    },
    drop(value) {
      if (held?.value === value) held = undefined;
      source.drop(value);
    },
  };
}
