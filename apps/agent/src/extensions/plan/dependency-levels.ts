/**
 * Order among extensions that ask for it (handler contract §6). Only those with a level take part: lower ones come first and go
 * last, and one that did not come holds up those above it, or only those that name it where the centre says which. A refusal is
 * never held up, no extension without a level waits, and what was begun goes on. What is not signed (T10) has not come, or gone, yet.
 */
import type { GoalExtension } from '@sallyport/model/wire';
import { resourceKey } from './conclusion.ts';
import type { Refusal, Wait, Work } from './plan.ts';

/** What is known of an entry's operation. */
export interface Course {
  /** It has not ended. */
  readonly isOpen: (entry: GoalExtension) => boolean;
  /** It has ended, and not well. */
  readonly hasFailed: (entry: GoalExtension) => boolean;
  /** Something of it is on the machine already. */
  readonly isBegun: (entry: GoalExtension) => boolean;
}

/** What an order is made of: a resource, its level, and whom it has to come after. */
export type Placed = Pick<GoalExtension, 'resourceName' | 'dependencyLevel' | 'dependsOn'>;
type Levelled<T extends Placed> = T & { readonly dependencyLevel: number };

/** The works that may begin now, a refusal for each that never can, and who waits for whom. */
export function inOrder(
  works: readonly Work[],
  entries: readonly GoalExtension[],
  { isOpen, hasFailed, isBegun }: Course,
): readonly Work[] {
  const levelled = entries.filter(hasLevel);
  if (levelled.length === 0) return works;
  const workOf = new Map(works.flatMap((work) => ('entry' in work ? [[work.entry, work] as const] : [])));
  const before = (entry: Levelled<GoalExtension>): readonly Levelled<GoalExtension>[] =>
    levelled.filter(
      (one) =>
        one.desired === entry.desired &&
        (entry.desired === 'absent' ? comesBefore(entry, one) : comesBefore(one, entry)),
    );
  // Each is asked once: a centre that lies may send many levels of many.
  const known = new Map<GoalExtension, boolean>();
  const waitsForSignatures = (entry: Levelled<GoalExtension>): boolean => {
    const work = workOf.get(entry);
    const waits =
      known.get(entry) ??
      (work?.kind === 'unsigned' ||
        (work?.kind === 'perform' && !isBegun(entry) && before(entry).some(waitsForSignatures)));
    known.set(entry, waits);
    return waits;
  };
  return works.map((work): Work => {
    if ((work.kind !== 'perform' && work.kind !== 'unsigned') || !hasLevel(work.entry)) return work;
    const { entry } = work;
    if (entry.desired === 'absent') {
      const going = before(entry).filter((one) => ['perform', 'unsigned'].includes(workOf.get(one)?.kind ?? ''));
      return waiting(work, going);
    }
    if (isBegun(entry)) return work;
    const below = before(entry);
    const failed = below.find((one) => workOf.get(one)?.kind === 'refuse' || hasFailed(one))?.resourceName;
    const blocking = failed ?? missing(entry, levelled);
    // One whose operation is over is only kept up: nobody is to be told.
    if (blocking !== undefined && !entry.operationDone) return skipped(entry, blocking);
    return waiting(
      work,
      below.filter((one) => isOpen(one) || workOf.has(one) || hasFailed(one)),
    );
  });

  /** For one that has to be signed first, if there is one: that takes as long as people need (T10). */
  function waiting(
    work: Extract<Work, { readonly kind: 'perform' | 'unsigned' }>,
    coming: readonly Levelled<GoalExtension>[],
  ): Work {
    const unsigned = coming.find(waitsForSignatures);
    const other = unsigned ?? coming[0];
    // Whoever is not signed says that: it can be signed now.
    if (work.kind === 'unsigned' || other === undefined) return work;
    return { kind: 'wait', entry: work.entry, for: other, isUnsigned: unsigned !== undefined };
  }
}

export function hasLevel<T extends Placed>(entry: T): entry is Levelled<T> {
  return entry.dependencyLevel !== undefined;
}

/** Only a lower level comes before: what names each other in a circle waits for nobody. */
function comesBefore(one: Levelled<Placed>, other: Levelled<Placed>): boolean {
  if (one.dependencyLevel >= other.dependencyLevel) return false;
  return other.dependsOn?.some((resourceName) => resourceKey({ resourceName }) === resourceKey(one)) ?? true;
}

/** Who should come first and is not even wanted any more: it failed before anything of it was there, or is being removed. */
function missing({ dependsOn = [] }: GoalExtension, levelled: readonly Levelled<GoalExtension>[]): string | undefined {
  const there = new Set(levelled.filter(({ desired }) => desired === 'present').map(resourceKey));
  return dependsOn.find((resourceName) => !there.has(resourceKey({ resourceName })));
}

/** The answer to one that is not begun because one before it failed. */
export function skipped(entry: GoalExtension, failed: string): Refusal {
  const message = `${skippedSentence(entry.resourceName, failed)}: nothing was done.`;
  return { kind: 'refuse', entry, code: 'DependencyFailed', message };
}

/** The contract's words for one whose predecessor failed. */
export function skippedSentence(resourceName: string, failed: string): string {
  return `Skipping processing of '${resourceName}' since execution of dependent extension '${failed}' failed`;
}

/** What is told of one that waits. */
export function waitSentence({ entry, for: other, isUnsigned }: Wait): string {
  const sentence =
    entry.desired === 'absent'
      ? `Waits until '${other.resourceName}' is removed, which depends on it`
      : waitsForSentence(other.resourceName);
  return isUnsigned ? `${sentence} and waits for signatures.` : sentence;
}

export function waitsForSentence(resourceName: string): string {
  return `Waits for '${resourceName}', which has to come first`;
}
