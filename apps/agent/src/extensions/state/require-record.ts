/** The record that a step relies on. */
import { formatExtensionName, OperationFailure, sameExtension, type HandlerVersion } from '@sallyport/model';
import type { OperationContext } from '../operation-context.ts';
import type { InstalledExtension } from './installed-extension.ts';

/** The records of all versions of the extension. */
export function recordsOf(context: OperationContext): readonly InstalledExtension[] {
  return context.host.store.list().extensions.filter(({ name }) => sameExtension(name, context.name));
}

/** The record of that version. Throws when there is none: somebody removed it while the operation ran. */
export function requireRecord(version: HandlerVersion, context: OperationContext): InstalledExtension {
  const record = context.host.store.find(context.name, version);
  if (record !== undefined) return record;
  const what = `${formatExtensionName(context.name)} ${version}`;
  throw new OperationFailure('InternalError', `The record of ${what} is gone from this machine; ask for it again.`);
}
