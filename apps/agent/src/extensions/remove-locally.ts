/** Removal by the server's own administrator, with the manager stopped: no list and no centre has a say in it (S2.3). */
import { messageOf, runningDeadlineSeconds } from '@sallyport/model';
import type { MachineKey } from '../connection/machine-key.ts';
import { MachineKeyring } from '../connection/machine-keyring.ts';
import { carryOut } from './executors.ts';
import { localEntry } from './local-entry.ts';
import { noFindings, type ExtensionHost, type OperationContext } from './operation-context.ts';
import { stepsToAbsent } from './plan/steps-toward.ts';
import { addSecretsOfHandler } from './run/protected-settings.ts';
import type { InstalledExtension } from './state/installed-extension.ts';
import type { Journal } from './state/journal.ts';

export interface LocalRemoval {
  readonly host: ExtensionHost;
  readonly journal: Journal;
  readonly signal: AbortSignal;
  warn(text: string): void;
}

/**
 * Removes all versions of one extension. A handler that does not stop is told of and removed all the same: this is the last
 * resort. What the centre still wants is forgotten here and so begins anew at the next synchronisation (S2.4).
 */
export async function removeLocally(versions: readonly InstalledExtension[], removal: LocalRemoval): Promise<void> {
  for (const extension of versions) {
    const context = contextOf(extension, removal);
    const { paths } = removal.host;
    const machineKey = (): MachineKey | undefined => MachineKeyring.read(paths.certificates);
    await addSecretsOfHandler(extension, paths, machineKey, context.findings.secrets);
    // Before anything goes: a removal that is cut off must not leave the centre's wish answered.
    for (const { resourceName } of [extension, ...(extension.sharing ?? [])]) removal.journal.forget(resourceName);
    for (const step of stepsToAbsent([extension])) {
      try {
        await carryOut([step], context);
      } catch (error) {
        if (step.kind === 'discard' || removal.signal.aborted) throw error;
        removal.warn(messageOf(error));
      }
    }
  }
}

function contextOf(extension: InstalledExtension, { host, signal }: LocalRemoval): OperationContext {
  const entry = localEntry(extension, {
    desired: 'absent',
    operationId: host.environment.guid(),
    sequence: extension.enabledSequence ?? 0,
  });
  return {
    host,
    supplies: undefined,
    entry,
    name: extension.name,
    operation: 'delete',
    deadline: host.environment.monotonic() + runningDeadlineSeconds * 1000,
    signal,
    findings: noFindings(),
    requirePermission: () => undefined,
    progress: () => undefined,
    at: () => undefined,
    printed: () => undefined,
    tellEnd: () => undefined,
  };
}
