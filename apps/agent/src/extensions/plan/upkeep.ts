/**
 * What the machine does on its own, without being asked and without the centre. It goes back after an upgrade that failed (T85);
 * it stops what it hosts while the manager is disabled, and brings that back, also after the machine was started anew (S4.11).
 * Nothing of it brings anything new onto the machine, so no list has a say in it (S4.6).
 */
import { extensionKey, type ExtensionName } from '@sallyport/model';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { isConcluded, resourceKey, type Conclusion } from './conclusion.ts';
import type { Hosting } from './hosting.ts';
import type { Step } from './step.ts';
import { failedVersion, stepsBack, type FailedVersion } from './steps-back.ts';

export interface Upkeep {
  readonly kind: 'upkeep';
  readonly purpose: 'go-back' | 'suspend' | 'resume';
  readonly name: ExtensionName;
  /** The version it is for. */
  readonly subject: InstalledExtension;
  readonly steps: readonly Step[];
}

export interface UpkeepInput {
  readonly installed: readonly InstalledExtension[];
  readonly concluded: ReadonlyMap<string, Conclusion>;
  readonly hosting: Hosting;
  /** Tells one start of the machine from another. */
  readonly machineLife: string;
  /** Whether the manager hosts processes of this version; those of a service of its own are not. */
  readonly isHosted: (extension: InstalledExtension) => boolean;
}

/** One piece of work for each extension that needs it; none for those that are being removed (`extensionKey`s). */
export function planUpkeep(input: UpkeepInput, removed: ReadonlySet<string>): readonly Upkeep[] {
  const groups = Map.groupBy(input.installed, ({ name }) => extensionKey(name));
  return [...groups].flatMap(([key, records]) => {
    const work = removed.has(key) ? undefined : upkeepOf(records, input);
    return work === undefined ? [] : [work];
  });
}

function upkeepOf(records: readonly InstalledExtension[], input: UpkeepInput): Upkeep | undefined {
  const failed = failedVersion(records);
  const back = failed === undefined ? [] : stepsOfFailed(failed, records, input);
  if (failed !== undefined && back.length > 0) return upkeep('go-back', failed, back);
  if (input.hosting === 'off') {
    const hosted = records.find((record) => mustStop(record, input));
    return hosted && upkeep('suspend', hosted, [{ kind: 'suspend', version: hosted.version }]);
  }
  if (input.hosting === 'unknown') return undefined;
  const awaited = records.find(({ comeback }) => comeback?.kind === 'awaited');
  const stopped = records.find((record) => mustComeBack(record, input));
  if (stopped === undefined)
    return awaited && upkeep('resume', awaited, [{ kind: 'await-again', version: awaited.version }]);
  const { version } = stopped;
  return upkeep('resume', stopped, [
    { kind: 'restore-settings', version },
    { kind: 'enable-again', version },
  ]);
}

/** One whose suspension was begun is stopped to the end, though nothing of it may be left. */
function mustStop(record: InstalledExtension, { isHosted }: UpkeepInput): boolean {
  return record.phase === 'enabled' && (record.suspended === true || isHosted(record));
}

/** What was enabled in another life of the machine has lost its processes with that. */
export function mustComeBack(
  { phase, suspended, enabledIn }: InstalledExtension,
  { machineLife }: Pick<UpkeepInput, 'machineLife'>,
): boolean {
  return suspended === true || (phase === 'enabled' && enabledIn !== undefined && enabledIn !== machineLife);
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
  return end?.operationId === failed.operation.id && isConcluded(end);
}

function upkeep(purpose: Upkeep['purpose'], subject: InstalledExtension, steps: readonly Step[]): Upkeep {
  return { kind: 'upkeep', purpose, name: subject.name, subject, steps };
}
