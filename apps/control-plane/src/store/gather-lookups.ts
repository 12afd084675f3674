/**
 * Lookups by key that come together are one query. Each of many machines asks for its own row with each request; a query costs far more
 * than a row. What is read is read after it was asked for, as with a query of its own.
 */

/** Keys of one query. */
const mostTogether = 256;

/** A lookup over `load`, which reads the row of each of some keys. */
export function gatherLookups<Row>(
  load: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): (key: string) => Promise<Row | undefined> {
  const rowsOf = gatherRows(load, keyOf);
  return async (key) => (await rowsOf(key))[0];
}

/** The same where a key has several rows; they are in the order they were read. */
export function gatherRows<Row>(
  load: (keys: readonly string[]) => Promise<readonly Row[]>,
  keyOf: (row: Row) => string,
): (key: string) => Promise<readonly Row[]> {
  let waiting = new Set<string>();
  let next: Promise<ReadonlyMap<string, readonly Row[]>> | undefined;

  async function gather(): Promise<ReadonlyMap<string, readonly Row[]>> {
    await new Promise<void>((resolve) => setImmediate(resolve));
    const keys = [...waiting];
    waiting = new Set();
    next = undefined;
    const found = new Map<string, Row[]>();
    for (let at = 0; at < keys.length; at += mostTogether) {
      for (const row of await load(keys.slice(at, at + mostTogether))) {
        const key = keyOf(row);
        const rows = found.get(key);
        if (rows === undefined) found.set(key, [row]);
        else rows.push(row);
      }
    }
    return found;
  }

  return async (key) => {
    waiting.add(key);
    next ??= gather();
    return (await next).get(key) ?? [];
  };
}
