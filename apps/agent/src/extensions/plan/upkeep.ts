/**
 * What the machine does on its own, without being asked and without the centre: it goes back after an upgrade that failed
 * (T85). Nothing of it brings anything new onto the machine, so no list has a say in it (S4.6); while the manager is disabled
 * nothing is run (S4.11).
 */
import { extensionKey, isTerminal, type ExtensionName } from '@sallyport/model';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { resourceKey, type Conclusion } from './conclusion.ts';
import type { Hosting } from './hosting.ts';
import type { Step } from './step.ts';
import { failedVersion, stepsBack, type FailedVersion } from './steps-back.ts';

export interface Upkeep {
  readonly kind: 'upkeep';
  readonly name: ExtensionName;
  /** The version it is for. */
  readonly subject: InstalledExtension;
  readonly steps: readonly Step[];
}

export interface UpkeepInput {
  readonly installed: readonly InstalledExtension[];
  readonly concluded: ReadonlyMap<string, Conclusion>;
  readonly hosting: Hosting;
}

/** One piece of work for each extension that needs it; none for those that are being removed (`extensionKey`s). */
export function planUpkeep(input: UpkeepInput, removed: ReadonlySet<string>): readonly Upkeep[] {
  const groups = Map.groupBy(input.installed, ({ name }) => extensionKey(name));
  return [...groups].flatMap(([key, records]) => {
    const failed = failedVersion(records);
    if (removed.has(key) || failed === undefined) return [];
    const steps = stepsOfFailed(failed, records, input);
    return steps.length === 0 ? [] : [{ kind: 'upkeep', name: failed.name, subject: failed, steps } as const];
  });
}

/** While nothing may be run the end is told all the same: whoever waits learns what it waits for. */
function stepsOfFailed(
  failed: FailedVersion,
  records: readonly InstalledExtension[],
  { hosting, concluded }: UpkeepInput,
): readonly Step[] {
  if (hosting === 'on') return stepsBack(failed, records);
  return isTold(failed, concluded) ? [] : [{ kind: 'conclude', version: failed.version }];
}

function isTold(failed: FailedVersion, concluded: ReadonlyMap<string, Conclusion>): boolean {
  const end = concluded.get(resourceKey(failed));
  return end?.operationId === failed.operation.id && isTerminal(end.state);
}
