/** The activity log, newest first, for callers who may read parts of it: the store is asked for those (T86, decision 0250). */
import { sql, type SqlBool } from 'kysely';
import type { Reader } from '../../store/store.ts';
import type { LogPart } from './log-reach.ts';
import { everything, rangeOfAll, rangeOfPart, type LogFilter, type LogRange } from './log-range.ts';

export interface LogQuery extends LogFilter {
  readonly reach: 'whole' | readonly LogPart[];
  /** Held against every event all the same. */
  isVisible(resourceKey: string): boolean;
}

export interface LoggedEvent {
  readonly position: number;
  readonly resource_key: string;
  readonly event: string;
}

/** Parts that one statement asks for. SQLite takes 500 in one; more parts are asked for by more statements. */
const partsInStatement = 100;

/** The newest events before a position, so many at most. */
export async function readLog(
  reader: Reader,
  query: LogQuery,
  before: number | undefined,
  limit: number,
): Promise<readonly LoggedEvent[]> {
  const statements = statementsOf(query);
  const found: LoggedEvent[] = [];
  for (let end = before; ;) {
    const positions = await newestPositions(reader, statements, end, limit);
    if (positions.length > 0) {
      const events = await reader
        .selectFrom('activity_events')
        .select(['position', 'resource_key', 'event'])
        .where('position', 'in', positions)
        .orderBy('position', 'desc')
        .execute();
      found.push(...events.filter((event) => query.reach === 'whole' || query.isVisible(event.resource_key)));
    }
    end = positions.at(-1);
    // Few were left out, if any: an event stands where its resource does.
    if (found.length >= limit || positions.length < limit || end === undefined) return found.slice(0, limit);
  }
}

function statementsOf(query: LogQuery): readonly (readonly LogRange[])[] {
  const { reach } = query;
  if (reach === 'whole') return [[rangeOfAll(query)]];
  const count = Math.ceil(reach.length / partsInStatement);
  return Array.from({ length: count }, (_, index) =>
    reach.slice(index * partsInStatement, (index + 1) * partsInStatement).map((part) => rangeOfPart(query, part)),
  );
}

/** Of all ranges together. */
async function newestPositions(
  reader: Reader,
  statements: readonly (readonly LogRange[])[],
  before: number | undefined,
  limit: number,
): Promise<readonly number[]> {
  const found = new Set<number>();
  for (const ranges of statements) {
    const [first, ...others] = ranges.map((range) => newestInRange(reader, range, before, limit));
    if (first === undefined) continue;
    const together = others.reduce((all, other) => all.unionAll(other), first);
    for (const { position } of await together.orderBy('position', 'desc').limit(limit).execute()) found.add(position);
  }
  return [...found].toSorted((a, b) => b - a).slice(0, limit);
}

/** In a query of its own, as what a statement joins to others may be ordered and limited in no other way. */
function newestInRange(reader: Reader, { lead, rest, isOrdered }: LogRange, before: number | undefined, limit: number) {
  // A sum is in no index.
  const position = isOrdered ? sql<number>`position` : sql<number>`position + 0`;
  const inRange = reader
    .selectFrom('activity_events')
    .select('position')
    .where(lead)
    .where((all) => all.and(rest))
    .where(before === undefined ? everything : sql<SqlBool>`${position} < ${before}`)
    .orderBy(position, 'desc')
    .limit(limit);
  return reader.selectFrom(inRange.as('in_range')).select('position');
}
