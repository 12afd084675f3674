/**
 * Order among extensions that ask for it (handler contract §6). Only those with a level take part: lower ones come first and go
 * last, and one that did not come holds up those above it. A refusal is never held up, and no extension without a level waits.
 */
import type { GoalExtension } from '@sallyport/model/wire';
import type { Refusal, Work } from './plan.ts';

interface Levelled {
  readonly entry: GoalExtension;
  readonly level: number;
}

/** The works that may begin now, and a refusal for each that never can. `hasFailed`: its operation has ended, and not well. */
export function inOrder(
  works: readonly Work[],
  entries: readonly GoalExtension[],
  hasFailed: (entry: GoalExtension) => boolean,
): readonly Work[] {
  const levelled = entries.flatMap((entry): readonly Levelled[] =>
    entry.dependencyLevel === undefined ? [] : [{ entry, level: entry.dependencyLevel }],
  );
  if (levelled.length < 2) return works;
  const workOf = new Map(works.flatMap((work) => (work.kind === 'upkeep' ? [] : [[work.entry, work] as const])));
  return works.flatMap((work): readonly Work[] => {
    if (work.kind !== 'perform' || work.entry.dependencyLevel === undefined) return [work];
    const { entry } = work;
    const level = work.entry.dependencyLevel;
    if (entry.desired === 'absent') {
      const above = levelled.filter((one) => one.entry.desired === 'absent' && one.level > level);
      return above.some((one) => workOf.get(one.entry)?.kind === 'perform') ? [] : [work];
    }
    const below = levelled.filter((one) => one.entry.desired === 'present' && one.level < level);
    const failed = below.find((one) => workOf.get(one.entry)?.kind === 'refuse' || hasFailed(one.entry));
    if (failed !== undefined) return entry.operationDone ? [] : [skipped(entry, failed.entry)];
    return below.some((one) => workOf.has(one.entry)) ? [] : [work];
  });
}

function skipped(entry: GoalExtension, failed: GoalExtension): Refusal {
  const message = `Skipping processing of '${entry.resourceName}' since execution of dependent extension '${failed.resourceName}' failed: nothing was done.`;
  return { kind: 'refuse', entry, code: 'OperationCanceled', message };
}
