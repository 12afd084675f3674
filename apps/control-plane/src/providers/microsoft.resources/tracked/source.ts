/** A kind of tracked resources: where its rows are, and how what can be said in SQL is said of them. */
import { sql, type Expression, type SqlBool } from 'kysely';
import type { TaggedKind } from '../../../resources/tag-keys.ts';
import type { Reader } from '../../../store/store.ts';
import type { ListOrder } from '../../../resources/reach/reach.ts';
import type { Stretch } from '../../../resources/reach/stretch.ts';
import type { Narrowing, TrackedResource } from './tracked-resource.ts';

/** A resource and its place in the list of its kind. */
export interface Placed {
  readonly place: string;
  readonly resource: TrackedResource;
}

export interface Source {
  readonly types: readonly string[];
  readonly kind: TaggedKind;
  readonly order: ListOrder;
  /** The next ones of a stretch after a place, in order. Fewer than the limit are the last ones. */
  read(query: SourceQuery, stretch: Stretch, after: string | undefined, limit: number): Promise<readonly Placed[]>;
  /** Those of these keys (`TaggedResource.key`) that are there, in any order. */
  find(query: SourceQuery, keys: readonly string[]): Promise<readonly Placed[]>;
}

export interface SourceQuery {
  readonly reader: Reader;
  readonly narrowing: Narrowing;
  readonly tenantId: string;
}

/** Upper and lower case are told apart by databases in ways of their own, but for these. */
function isPlain(text: string | undefined): text is string {
  return text !== undefined && /^[a-z0-9_-]+$/.test(text);
}

/** Whether a column is a text in lower case, where the database can tell; else everything may be it. */
export function sameText(column: string, text: string | undefined): Expression<SqlBool> {
  return isPlain(text) ? sql<SqlBool>`lower(${sql.ref(column)}) = ${text}` : sql<SqlBool>`1 = 1`;
}
