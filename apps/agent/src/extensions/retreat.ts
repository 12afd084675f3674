/** Records that an upgrade is given up, before anything is done about it: after a crash the way back goes on, not the upgrade (T84, T85). */
import { messageOf, sameExtension, type ExtensionName, type OperationFailureCode } from '@sallyport/model';
import type { ExtensionHost } from './operation-context.ts';
import type { StepKind } from './plan/step.ts';
import { begunUpgrade } from './plan/steps-back.ts';
import type { UpgradeFailure } from './state/installed-extension.ts';
import { putRecord } from './state/put-record.ts';

/** Steps of an upgrade that come before anything of the version before is touched. */
const harmless: ReadonlySet<StepKind> = new Set(['fetch', 'discard', 'configure']);

/**
 * False when the operation has not begun to take the place of another version: then there is nothing to go back to, and its
 * end is told as it is. `step` is where it ended, undefined when that is not known.
 */
export function retreat(
  host: ExtensionHost,
  name: ExtensionName,
  operationId: string,
  why: Omit<UpgradeFailure, 'code' | 'disabledBefore'> & { readonly code: OperationFailureCode },
  step: StepKind | undefined,
): boolean {
  const records = host.store.list().extensions.filter((one) => sameExtension(one.name, name));
  const begun = begunUpgrade(records, operationId);
  if (begun === undefined) return false;
  const disabledBefore = step === undefined || !harmless.has(step);
  try {
    putRecord(host, { ...begun, failure: { ...why, disabledBefore } });
    return true;
  } catch (error) {
    // Nothing can be written, so nothing is begun: the failure is told, and what is there stays there.
    host.log('error', 'an upgrade cannot be taken back', { operation: operationId, error: messageOf(error) });
    return false;
  }
}
