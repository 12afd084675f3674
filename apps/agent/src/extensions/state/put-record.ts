/** Records how far a version has come, for the agent and, as a mirror, for its handler. */
import type { ExtensionHost } from '../operation-context.ts';
import { showHandlerState } from './handler-state.ts';
import type { InstalledExtension } from './installed-extension.ts';

/** Durable when it returns. */
export function putRecord(host: ExtensionHost, extension: InstalledExtension): void {
  host.store.put(extension);
  showHandlerState(host.paths, extension);
}
