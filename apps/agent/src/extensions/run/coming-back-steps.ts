/** The steps by which a version works again that worked before: after a failed upgrade (T85), or after it was stopped (S4.11). */
import { noSettings } from '@sallyport/handler-contract';
import { DurableChanges } from '@sallyport/durable-files';
import type { HandlerVersion } from '@sallyport/model';
import { settingsFile } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { sharersToStop } from '../plan/shared-handler.ts';
import type { Step } from '../plan/step.ts';
import { asEnabled } from '../state/installed-extension.ts';
import { putRecord } from '../state/put-record.ts';
import { requireRecord } from '../state/require-record.ts';
import { awaitStatus } from './await-status.ts';
import { prepareHandler } from './configure-step.ts';
import { callHandler, requireSuccess } from './handler-call.ts';
import { keptSettings } from './kept-settings.ts';
import { restoreProtectedSettings } from './protected-settings.ts';

/** A version that no settings were kept of has those that lie in its folder. */
export async function restoreSettings(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host } = context;
  const record = requireRecord(version, context);
  const changes = new DurableChanges();
  const paths = prepareHandler(host.paths, record, changes);
  for (const one of sharersToStop(record)) {
    const extensionName = one?.extensionName;
    const kept = keptSettings(host.paths, { ...record, extensionName });
    if (kept === undefined) continue;
    restoreProtectedSettings(one ?? context.entry, host.paths, kept.protected);
    changes.write(settingsFile(paths, kept.sequence, extensionName), kept.text, 0o600);
  }
  await changes.commit();
}

export async function enableAgain(
  { version, awaited }: Extract<Step, { kind: 'enable-again' }>,
  context: OperationContext,
): Promise<void> {
  const { entry, operation, host } = context;
  const again = { command: 'enable', uninstallExitCode: undefined } as const;
  for (const one of sharersToStop(requireRecord(version, context))) {
    requireSuccess(await callHandler(version, again, context, one), context);
  }
  putRecord(host, {
    ...asEnabled(requireRecord(version, context), host.machineLife),
    ...(awaited === true ? { comeback: { kind: 'awaited' } as const } : {}),
    resourceName: entry.resourceName,
    operation: { id: entry.operationId, kind: operation },
  });
}

/** Each of a shared handler. One that has no settings, or none that were kept, need not report (handler contract §1, §6). */
export async function awaitAgain(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host, entry } = context;
  const record = requireRecord(version, context);
  for (const one of sharersToStop(record)) {
    const extensionName = one?.extensionName;
    const kept = keptSettings(host.paths, { ...record, extensionName });
    if (kept === undefined || kept.text === noSettings) continue;
    await awaitStatus(version, { ...context, entry: { ...entry, sequence: kept.sequence, extensionName } });
  }
  const { comeback: _over, ...back } = requireRecord(version, context);
  putRecord(host, back);
}
