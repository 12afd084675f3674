/** Install, enable, disable, uninstall: each command, and what it means for the record (handler contract §3). */
import type { HandlerVersion, OperationFailureCode } from '@sallyport/model';
import { handlerPaths } from '../handler-paths.ts';
import type { OperationContext } from '../operation-context.ts';
import { isNamed, sharersToStop, sharingOf } from '../plan/shared-handler.ts';
import { asEnabled, type InstalledExtension, type SharingExtension } from '../state/installed-extension.ts';
import { putRecord } from '../state/put-record.ts';
import { requireRecord } from '../state/require-record.ts';
import { discardTree, keptTree } from '../unpack/staging.ts';
import { endLeftovers } from '../limits/end-leftovers.ts';
import { callHandler, requireSuccess } from './handler-call.ts';
import { manifestOf } from './handler-manifest-of.ts';
import { handlerSequence } from './configure-step.ts';

/** After an update the manifest says whether the install command is run as well. */
export async function install(
  step: { readonly version: HandlerVersion; readonly afterUpdate: boolean },
  context: OperationContext,
): Promise<void> {
  const { version, afterUpdate } = step;
  if (!afterUpdate || manifestOf(version, context).updateMode === 'UpdateWithInstall') {
    const { uninstallExitCode } = requireRecord(version, context);
    requireSuccess(await callHandler(version, { command: 'install', uninstallExitCode }, context), context);
  }
  putRecord(context.host, { ...requireRecord(version, context), phase: 'installed' });
}

export async function enable(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { entry, operation, host } = context;
  const { uninstallExitCode } = requireRecord(version, context);
  requireSuccess(await callHandler(version, { command: 'enable', uninstallExitCode }, context), context);
  const before = requireRecord(version, context);
  putRecord(host, {
    ...asEnabled(before, host.machineLife),
    resourceName: entry.resourceName,
    enabledSequence: entry.sequence,
    operation: { id: entry.operationId, kind: operation },
    ...(before.sharing === undefined ? {} : { sharing: withEnabled(before, context) }),
  });
}

/** The extensions of a shared handler once this one is enabled. Those of a handler that was not enabled are so no more. */
function withEnabled(record: InstalledExtension, { entry, operation }: OperationContext): readonly SharingExtension[] {
  const own: SharingExtension = {
    extensionName: entry.extensionName ?? entry.resourceName,
    resourceName: entry.resourceName,
    enabledSequence: entry.sequence,
    handlerSequence: handlerSequence(entry),
    operation: { id: entry.operationId, kind: operation },
  };
  const others = record.phase === 'enabled' ? sharingOf(record).filter((one) => !isNamed(one, own.extensionName)) : [];
  return [...others, own];
}

/** What cannot be started, today or tomorrow. */
const cannotRun: ReadonlySet<OperationFailureCode> = new Set(['HandlerChanged', 'ManifestMalformed']);

/**
 * A handler that will not stop stays: deleting files under a running service would be worse (handler contract §3). One that cannot even
 * be told goes all the same (S4.6): what runs in its group is ended with it.
 */
export async function disable(version: HandlerVersion, context: OperationContext): Promise<void> {
  for (const one of sharersToStop(requireRecord(version, context))) {
    const result = await callHandler(version, { command: 'disable' }, context, one);
    if (result.failure === undefined || !cannotRun.has(result.failure.code)) requireSuccess(result, context);
    else context.host.log('warn', 'disable command was not run', { error: result.failure.message });
  }
  putRecord(context.host, { ...requireRecord(version, context), phase: 'installed' });
}

/** Its failure is only logged: the files go all the same, and a delete is always accepted (S4.6). */
export async function uninstall(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { failure } = await callHandler(version, { command: 'uninstall' }, context);
  if (failure !== undefined) {
    context.host.log('warn', 'uninstall command failed; its files are removed all the same', {
      operation: context.entry.operationId,
      error: failure.message,
    });
  }
  putRecord(context.host, { ...requireRecord(version, context), phase: 'uninstalled' });
}

/** What it left running first (T44), then its files, the record last: what a crash leaves is discarded again. */
export async function discard(version: HandlerVersion, context: OperationContext): Promise<void> {
  const { host, name } = context;
  const record = host.store.find(name, version);
  if (record === undefined) return;
  const { directory } = handlerPaths(host.paths, record.name, version);
  // From here on nobody may go back to it.
  if (record.phase === 'kept') host.store.put({ ...record, phase: 'fetching' });
  await endLeftovers(host, { name: record.name, version, directory });
  discardTree(host.paths, host.environment, directory);
  discardTree(host.paths, host.environment, keptTree(host.paths, record.name, version));
  host.store.remove(record);
}
