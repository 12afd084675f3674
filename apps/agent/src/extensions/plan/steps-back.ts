/**
 * The way back after an upgrade that failed: the version that worked before it works again, with the settings it had. Computed
 * from the records like everything else, so a way back that is interrupted goes on where it was (T84), and is gone once (T85).
 */
import { isWorking, type InstalledExtension, type UpgradeFailure } from '../state/installed-extension.ts';
import type { Step } from './step.ts';
import { hasRun } from './steps-toward.ts';

/** A version to which an upgrade has failed. */
export interface FailedVersion extends InstalledExtension {
  readonly failure: UpgradeFailure;
}

/** The version of an extension whose upgrade has failed and is not undone, if there is one. */
export function failedVersion(records: readonly InstalledExtension[]): FailedVersion | undefined {
  return records.find((record): record is FailedVersion => record.failure !== undefined);
}

/** The version that a failed one, or one that is about to take over, can go back to. */
export function wayBack(
  from: InstalledExtension,
  records: readonly InstalledExtension[],
): InstalledExtension | undefined {
  const others = records.filter(({ version, failure }) => version !== from.version && failure === undefined);
  return others.find(isWorking) ?? others.find(({ phase }) => phase === 'uninstalled' || phase === 'kept');
}

/** The version that an operation has begun to upgrade to, with the one before it still there: giving up means going back. */
export function begunUpgrade(
  records: readonly InstalledExtension[],
  operationId: string,
): InstalledExtension | undefined {
  const begun = records.find(
    ({ phase, operation, failure }) =>
      operation.id === operationId && failure === undefined && phase !== 'fetching' && phase !== 'kept',
  );
  return begun !== undefined && wayBack(begun, records) !== undefined ? begun : undefined;
}

/** Steps until the version before works again, its failure is told and nothing of the failed one is left. */
export function stepsBack(failed: FailedVersion, records: readonly InstalledExtension[]): readonly Step[] {
  const { version, phase, failure } = failed;
  const before = wayBack(failed, records);
  return [
    ...(phase === 'enabled' ? [{ kind: 'disable-failed', version } as const] : []),
    ...(hasRun(failed) ? [{ kind: 'uninstall', version } as const] : []),
    ...(before === undefined || failure.stuck !== undefined ? [] : restoring(before, failed)),
    { kind: 'conclude', version },
    { kind: 'discard', version },
  ];
}

function restoring(before: InstalledExtension, failed: FailedVersion): readonly Step[] {
  const { version, phase } = before;
  const back = phase === 'enabled' && before.operation.id === failed.operation.id;
  // Once the update command is over, the uninstall command of the version before may have begun.
  const reinstall = failed.phase !== 'placed' || !isWorking(before);
  if (back || (phase === 'enabled' && !reinstall && !failed.failure.disabledBefore)) return [];
  return [
    ...(phase === 'kept' ? [{ kind: 'bring-back', version } as const] : []),
    { kind: 'restore-settings', version },
    ...(reinstall ? [{ kind: 'install', version, afterUpdate: false } as const] : []),
    // One that has never worked is left as it was: installed.
    ...(before.enabledSequence === undefined ? [] : [{ kind: 'enable-again', version } as const]),
  ];
}
