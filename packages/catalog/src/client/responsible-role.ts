/** Which role may have signed a path: the first delegation whose pattern has it, whatever it holds (T27). */
import type { Targets } from '@tufjs/models';
import { isPublisherRole } from '../layout.ts';

/** Whom the catalog's targets role lets sign, and one of them. */
export type Delegations = NonNullable<Targets['delegations']>;
type DelegatedRole = NonNullable<Delegations['roles']>[string];

/** Publishers' roles with their places in the order of the search. */
type Placed = readonly (readonly [place: number, role: DelegatedRole])[];

/** The delegations by the first part of what they let their roles sign. */
interface Index {
  readonly byFirstPart: ReadonlyMap<string, Placed>;
  /** Those of which the first part does not say whom they are for. */
  readonly others: Placed;
}

/** What was verified does not change, so each set of delegations is looked through once. */
const indexes = new WeakMap<Delegations, Index>();

/**
 * The name of the role that is responsible for a path; undefined when nobody may sign it. Of hundreds of publishers only those are
 * compared whose patterns can have it; whether one does is said by the library that verifies.
 */
export function responsibleRole(delegations: Delegations | undefined, path: string): string | undefined {
  if (delegations === undefined) return undefined;
  const { byFirstPart, others } = indexOf(delegations);
  const [first = ''] = path.split('/', 1);
  const own = byFirstPart.get(first) ?? [];
  const inOrder = others.length === 0 ? own : [...own, ...others].toSorted(([a], [b]) => a - b);
  return inOrder.find(([, role]) => role.isDelegatedPath(path))?.[1].name;
}

function indexOf(delegations: Delegations): Index {
  const known = indexes.get(delegations);
  if (known !== undefined) return known;
  const byFirstPart = new Map<string, [number, DelegatedRole][]>();
  const others: [number, DelegatedRole][] = [];
  for (const [place, role] of Object.values(delegations.roles ?? {}).entries()) {
    // No other delegation is followed.
    if (!isPublisherRole(role.name)) continue;
    const firsts = new Set(role.paths?.map((pattern) => pattern.split('/', 1)[0] ?? ''));
    if (firsts.size === 0 || [...firsts].some((first) => !standsForItself.test(first))) others.push([place, role]);
    else for (const first of firsts) byFirstPart.set(first, [...(byFirstPart.get(first) ?? []), [place, role]]);
  }
  const index = { byFirstPart, others };
  indexes.set(delegations, index);
  return index;
}

/** A part of a pattern that only a path with the very same part can have: nothing in it means anything else. */
const standsForItself = /^[A-Za-z0-9_][A-Za-z0-9._-]*$/;
