/**
 * In which order extensions of a machine come: `provisionAfterExtensions` of each names those that have to be there before it, as virtual
 * machines of ARM have it. From that the levels of the handler contract (§6). Pure.
 */

import * as z from 'zod/mini';

/** The names in a stored `provision_after`. */
export function namesBefore(stored: string | null): readonly string[] {
  return stored === null ? [] : z.parse(z.array(z.string()), JSON.parse(stored));
}

/** One extension of a machine, and the names of those before it. */
export interface Ordered {
  readonly name: string;
  readonly after: readonly string[];
}

export type OrderProblem =
  | { readonly kind: 'missing'; readonly name: string; readonly after: string }
  /** The names on the way round, each after the next. */
  | { readonly kind: 'circle'; readonly names: readonly string[] };

/** What stands against an order: a name that no extension of the machine has, or a circle. Case does not count. */
export function problemOf(all: readonly Ordered[]): OrderProblem | undefined {
  const byKey = new Map(all.map((one) => [keyOf(one.name), one]));
  const settled = new Set<string>();
  const visit = (one: Ordered, way: readonly Ordered[]): OrderProblem | undefined => {
    if (way.includes(one)) return { kind: 'circle', names: way.slice(way.indexOf(one)).map(({ name }) => name) };
    if (settled.has(keyOf(one.name))) return undefined;
    for (const after of one.after) {
      const before = byKey.get(keyOf(after));
      if (before === undefined) return { kind: 'missing', name: one.name, after };
      const problem = visit(before, [...way, one]);
      if (problem !== undefined) return problem;
    }
    settled.add(keyOf(one.name));
    return undefined;
  };
  for (const one of all) {
    const problem = visit(one, []);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** The level of each that takes part in an order, by lower-case name: 0 for those before which nothing comes. Who is not there counts for nothing. */
export function levelsOf(all: readonly Ordered[]): ReadonlyMap<string, number> {
  const byKey = new Map(all.map((one) => [keyOf(one.name), one]));
  const levels = new Map<string, number>();
  const level = (one: Ordered, way: readonly Ordered[]): number => {
    const key = keyOf(one.name);
    const known = levels.get(key);
    if (known !== undefined) return known;
    const before = one.after.flatMap((name) => byKey.get(keyOf(name)) ?? []).filter((other) => !way.includes(other));
    const is = before.reduce((most, other) => Math.max(most, level(other, [...way, one]) + 1), 0);
    levels.set(key, is);
    return is;
  };
  for (const one of all) if (one.after.length > 0) level(one, [one]);
  return levels;
}

function keyOf(name: string): string {
  return name.toLowerCase();
}
