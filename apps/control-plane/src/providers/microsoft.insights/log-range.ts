/**
 * Ways through the table of events, each by one index. Which one is said here and not left to the databases: they would rather look through
 * the log of everybody, by its time or from its end, than believe that there is little of what is asked for. Pure.
 */
import { sql, type Expression, type SqlBool } from 'kysely';
import type { EventCondition } from './activity-log-query.ts';
import type { LogPart } from './log-reach.ts';

export interface LogRange {
  /** What an index is gone by. */
  readonly lead: Expression<SqlBool>;
  /** Held against what is found there. */
  readonly rest: readonly Expression<SqlBool>[];
  /** Whether the index has the events in the order of the log; else there are few, and they are put in order. */
  readonly isOrdered: boolean;
}

/** What is asked for: of a subscription, or of everything, and by the filter. */
export interface LogFilter {
  readonly subscriptionId: string | undefined;
  readonly conditions: readonly EventCondition[];
}

/** The way through a part of the log. */
export function rangeOfPart(filter: LogFilter, part: LogPart): LogRange {
  if (part.of === 'resource')
    return { lead: beneath(part.key), rest: restOf(filter, filter.conditions), isOrdered: false };
  const own = { ...filter, subscriptionId: part.subscriptionId };
  return part.of === 'group' ? rangeOfGroup(own, part.subscriptionId, part.group) : rangeOfAll(own);
}

/** The way through the whole log of a subscription, or of everything: by what the filter has few of, by time, or from the end. */
export function rangeOfAll(filter: LogFilter): LogRange {
  const { subscriptionId, conditions } = filter;
  const by = (column: EventCondition['column']): EventCondition | undefined =>
    conditions.find((condition) => condition.column === column);
  const without = (condition: EventCondition): readonly Expression<SqlBool>[] =>
    restOf(
      filter,
      conditions.filter((one) => one !== condition),
    );
  const correlation = by('correlation_id');
  if (correlation !== undefined) {
    const lead = sql<SqlBool>`correlation_id = ${correlation.value}`;
    return { lead, rest: without(correlation), isOrdered: false };
  }
  const resource = by('resource_key');
  if (resource !== undefined) return { lead: at(resource.value), rest: without(resource), isOrdered: false };
  const group = by('group_key');
  if (group !== undefined && subscriptionId !== undefined) return rangeOfGroup(filter, subscriptionId, group.value);
  const times = conditions.filter(({ column }) => column === 'event_timestamp');
  if (times.length === 0 || subscriptionId === undefined)
    return { lead: everything, rest: restOf(filter, conditions), isOrdered: true };
  const within = times.map(({ operator, value }) => sql`event_timestamp ${signs[operator]} ${value}`);
  const lead = sql<SqlBool>`subscription_id = ${subscriptionId} AND ${sql.join(within, sql` AND `)}`;
  const others = conditions.filter(({ column }) => column !== 'event_timestamp');
  return { lead, rest: others.map(asRest), isOrdered: true };
}

function rangeOfGroup({ conditions }: LogFilter, subscriptionId: string, group: string): LogRange {
  // Of its index, which has the time too.
  const lead = sql<SqlBool>`subscription_id = ${subscriptionId} AND substr(group_key, 1, 100) = substr(${group}, 1, 100)`;
  return {
    lead,
    rest: [{ column: 'group_key', operator: '=', value: group } as const, ...conditions].map(asRest),
    isOrdered: true,
  };
}

export const everything = sql<SqlBool>`1 = 1`;

/** Exactly this resource. PostgreSQL has an index of the beginning, SQLite of the whole. */
function at(key: string): Expression<SqlBool> {
  return sql<SqlBool>`(substr(resource_key, 1, 600) = substr(${key}, 1, 600) AND resource_key = ${key})`;
}

/** A resource and all beneath it. '0' is the character after '/': everything that begins with `key/`. */
function beneath(key: string): Expression<SqlBool> {
  const [first, end] = [`${key}/`, `${key}0`];
  const begins = sql`substr(resource_key, 1, 600) >= substr(${first}, 1, 600) AND substr(resource_key, 1, 600) <= substr(${end}, 1, 600)`;
  return sql<SqlBool>`(${at(key)} OR (${begins} AND resource_key > ${first} AND resource_key < ${end}))`;
}

function restOf({ subscriptionId }: LogFilter, conditions: readonly EventCondition[]): readonly Expression<SqlBool>[] {
  if (subscriptionId === undefined) return conditions.map(asRest);
  return [{ column: 'subscription_id', operator: '=', value: subscriptionId } as const, ...conditions].map(asRest);
}

const signs = { '=': sql`=`, '>=': sql`>=`, '<=': sql`<=` } as const;

/** As no index holds it. */
function asRest({
  column,
  operator,
  value,
}: {
  readonly column: EventCondition['column'] | 'subscription_id';
  readonly operator: EventCondition['operator'];
  readonly value: string;
}): Expression<SqlBool> {
  return sql<SqlBool>`${sql.ref(column)} || '' ${signs[operator]} ${value}`;
}
