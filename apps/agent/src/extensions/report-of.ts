/** What every report of an operation says: which one, how far it is, and which version works on the machine now. */
import { extensionKey, extensionNameOf, type OperationState } from '@sallyport/model';
import type { ExtensionReport, GoalExtension } from '@sallyport/model/wire';
import type { ExtensionHost } from './operation-context.ts';
import { isWorking } from './state/installed-extension.ts';

export function reportOf(host: ExtensionHost, entry: GoalExtension, state: OperationState): ExtensionReport {
  const key = keyOf(entry);
  const working = host.store.list().extensions.find((one) => extensionKey(one.name) === key && isWorking(one));
  return {
    resourceName: entry.resourceName,
    operationId: entry.operationId,
    state,
    time: new Date(host.environment.now()).toISOString(),
    version: working?.version ?? '',
    protectedSettingsStored: false,
  };
}

/** What tells extensions apart, also for an entry whose name is none. */
export function keyOf(entry: GoalExtension): string {
  const named = extensionNameOf(entry.publisher, entry.type);
  return named.ok ? extensionKey(named.name) : `malformed ${entry.resourceName}`;
}
