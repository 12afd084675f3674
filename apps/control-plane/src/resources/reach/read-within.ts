import { isBeyond, type Stretch } from './stretch.ts';

/** A list as the store is asked for it. */
export interface ListInStretches<Row> {
  /** The next rows of a stretch after a place, in order. Fewer than the limit are the last ones. */
  read(stretch: Stretch, after: string | undefined, limit: number): Promise<readonly Row[]>;
  placeOf(row: Row): string;
  /** Held against every row all the same: stretches are what is asked, not what is granted. */
  isVisible(row: Row): boolean;
}

/** Rows that are read at once when some were left out: where many roles are held the whole list is read (decision 0236). */
const chunk = 500;

/** The first rows of a list after a place that lie in these stretches and are visible, so many at most. */
export async function readWithin<Row>(
  list: ListInStretches<Row>,
  stretches: readonly Stretch[],
  after: string | undefined,
  limit: number,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  let missing = limit;
  for (const stretch of stretches) {
    if (after !== undefined && isBeyond(stretch, after)) continue;
    let from = after === undefined || after < stretch.first ? undefined : after;
    for (let wanted = missing; ; wanted = chunk) {
      const rows = await list.read(stretch, from, wanted);
      found.push(...rows.filter((row) => list.isVisible(row)));
      missing = limit - found.length;
      if (missing <= 0) return found.slice(0, limit);
      const last = rows.at(-1);
      if (rows.length < wanted || last === undefined) break;
      from = list.placeOf(last);
    }
  }
  return found;
}
