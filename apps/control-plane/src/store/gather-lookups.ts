/**
 * Lookups by key that come together are one query. Each of many machines asks for its own row with each request; a query costs far more
 * than a row. What is read is read after it was asked for, as with a query of its own.
 */

/** Keys of one query. */
const mostTogether = 256;

/** A lookup over `load`, which reads the rows of some keys. */
export function gatherLookups<Row>(
  load: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): (key: string) => Promise<Row | undefined> {
  let waiting = new Set<string>();
  let next: Promise<ReadonlyMap<string, Row>> | undefined;

  async function gather(): Promise<ReadonlyMap<string, Row>> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const keys = [...waiting];
    waiting = new Set();
    next = undefined;
    const found = new Map<string, Row>();
    for (let at = 0; at < keys.length; at += mostTogether) {
      for (const row of await load(keys.slice(at, at + mostTogether))) found.set(keyOf(row), row);
    }
    return found;
  }

  return async (key) => {
    waiting.add(key);
    next ??= gather();
    return (await next).get(key);
  };
}
