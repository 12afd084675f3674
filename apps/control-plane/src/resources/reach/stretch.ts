/**
 * Stretches of a list: where in its order those resources stand that a caller may read. A list is in the order of its keys, a key is made of
 * parts (group, machine, extension), and a scope that a role is held at is the first parts of the keys beneath it. Pure.
 */

/** Everything whose key begins with these parts: none of them is the whole list, all of them one resource. */
export interface Stretch {
  readonly parts: readonly string[];
  /** The texts of the places in it, from the first on and before the end; undefined for no end. */
  readonly first: string;
  readonly end: string | undefined;
}

export const wholeList: Stretch = { parts: [], first: '', end: undefined };

/** One resource: nothing that a place may go on with sorts before a space. */
export function oneResource(parts: readonly string[], place: string): Stretch {
  return { parts, first: place, end: `${place} ` };
}

/** All that stands beneath a place; `between` is what divides the parts of places. */
export function beneath(parts: readonly string[], place: string, between: string): Stretch {
  return {
    parts,
    first: `${place}${between}`,
    end: `${place}${String.fromCharCode(between.charCodeAt(0) + 1)}`,
  };
}

/** In their order, and each resource in one of them only. They may lie within each other, and do not overlap otherwise. */
export function inOrder(stretches: readonly Stretch[]): readonly Stretch[] {
  // What lies within another begins after it.
  const sorted = stretches.toSorted((a, b) => (a.first < b.first ? -1 : a.first > b.first ? 1 : 0));
  const kept: Stretch[] = [];
  for (const stretch of sorted) {
    const last = kept.at(-1);
    if (last === undefined || isBeyond(last, stretch.first)) kept.push(stretch);
  }
  return kept;
}

/** Whether a place comes after the whole stretch. */
export function isBeyond({ end }: Stretch, place: string): boolean {
  return end !== undefined && place >= end;
}
