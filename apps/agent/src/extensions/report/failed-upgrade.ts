/** How the end of an upgrade that failed is told: the reason, and what runs on the machine now. Pure. */
import type { ExtensionReport } from '@sallyport/model/wire';
import { isWorking, type InstalledExtension } from '../state/installed-extension.ts';

export type FailedUpgradeEnd = Pick<ExtensionReport, 'state' | 'error' | 'explanation' | 'rolledBackTo'>;

/** `before` is the version to go back to, as it is at this moment. Undefined when nothing has failed. */
export function endOfFailedUpgrade(
  failed: InstalledExtension,
  before: InstalledExtension | undefined,
): FailedUpgradeEnd | undefined {
  const { failure } = failed;
  if (failure === undefined) return undefined;
  const { state, code, message, explanation } = failure;
  // What is wanted goes back as well, unless the machine could not.
  const back = before !== undefined && failure.stuck === undefined ? { rolledBackTo: before.version } : {};
  return {
    state,
    error: { code, message: `${message}\n${outcome(failed, before)}` },
    ...(explanation === undefined ? {} : { explanation }),
    ...back,
  };
}

function outcome(failed: InstalledExtension, before: InstalledExtension | undefined): string {
  const stuck = failed.failure?.stuck;
  if (before === undefined) return 'There was no version to roll back to.';
  const { version, phase } = before;
  if (stuck !== undefined) {
    const left = isWorking(before)
      ? `${version} is installed, and is not enabled`
      : `neither ${version} nor ${failed.version} is installed`;
    return `Rolling back to ${version} failed as well: ${stuck}\nNow ${left}. Ask for either version again, or delete the extension.`;
  }
  const isBack = phase === 'enabled' || (phase === 'installed' && before.enabledSequence === undefined);
  if (!isBack) return `It will be rolled back to ${version} as soon as the extension manager may run commands again.`;
  return before.operation.id === failed.operation.id
    ? `Rolled back to ${version}, with the settings it had.`
    : `${version} was left as it is and works on.`;
}
