/** The table of events, as both databases are asked for it by whoever verifies the log. */
import { chainedColumns } from './chain.ts';
import type { LogHead } from './head-of-log.ts';
import { eventsOnPage, type Joint } from './stored-log.ts';

/** The events of a page are after the first parameter, and up to the second. */
export const pageQuery = (after: string, upTo: string): string =>
  `SELECT position, hash, ${chainedColumns.join(', ')} FROM activity_events WHERE position > ${after} AND position <= ${upTo} ORDER BY position LIMIT ${eventsOnPage}`;

/** The highest position that the databases can hold. */
export const highestPosition = 2n ** 63n - 1n;

/**
 * The first and the last position; null while there is none. Whoever can write the table can write any position: one that is no number
 * here is met where the events are read in order.
 */
export const endsQuery = `SELECT (SELECT min(position) FROM activity_events WHERE position > 0) AS first, (SELECT max(position) FROM activity_events WHERE position <= ${Number.MAX_SAFE_INTEGER}) AS last`;

export interface TableEnds {
  readonly first: number | null;
  readonly last: number | null;
}

/** The last event up to a position. */
export const headUpTo = (parameter: string): string =>
  `SELECT position, hash FROM activity_events WHERE position <= ${parameter} ORDER BY position DESC LIMIT 1`;

export const everyCut = 'SELECT checkpoint FROM activity_cuts ORDER BY position';

/** How many events that makes when none is missing. */
export function sizeBetween({ first, last }: TableEnds): number {
  return first === null || last === null ? 0 : last - first + 1;
}

/** The positions that end all but the last of so many stretches, when no event is missing. */
export function evenPositions(ends: TableEnds, stretches: number): readonly number[] {
  const { first } = ends;
  if (first === null) return [];
  const size = sizeBetween(ends);
  return Array.from({ length: stretches - 1 }, (_, index) => first - 1 + Math.floor((size * (index + 1)) / stretches));
}

/** Joints at events that were found; two that are the same are one. */
export function jointsAt(heads: readonly (LogHead | undefined)[]): readonly Joint[] {
  const joints = new Map<number, Joint>();
  for (const head of heads) if (head !== undefined) joints.set(head.position, { at: head.position, head });
  return [...joints.values()];
}
