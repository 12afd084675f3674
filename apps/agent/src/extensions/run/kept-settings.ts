/**
 * The settings that a version was configured with last, as its handler got them: kept beside its record, because extensions
 * scrub their own files, and because what the centre wants by then may be something else. Protected ones are ciphertext (S1.7).
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DurableChanges } from '@sallyport/durable-files';
import { handlerDirectoryName } from '@sallyport/handler-contract';
import { handlerName } from '@sallyport/model';
import * as z from 'zod/mini';
import { readJsonFile, textOf } from '../../platform/json-file.ts';
import type { AgentPaths } from '../../platform/paths.ts';
import type { InstalledExtension } from '../state/installed-extension.ts';
import { storedProtectedSettingsSchema } from './protected-settings.ts';

export const keptSettingsSchema = z.object({
  format: z.literal(1),
  /** As the handler sees it. */
  sequence: z.int().check(z.minimum(0)),
  /** The whole settings file. */
  text: z.string(),
  protected: z.optional(storedProtectedSettingsSchema),
});
export type KeptSettings = z.infer<typeof keptSettingsSchema>;

/** `extensionName` for one of several extensions of the handler: each has its own. */
interface Version extends Pick<InstalledExtension, 'name' | 'version'> {
  readonly extensionName?: string | undefined;
}

/** Durable with the commit of `changes`. The version has a record. */
export function keepSettings(
  paths: AgentPaths,
  version: Version,
  settings: Omit<KeptSettings, 'format'>,
  changes: DurableChanges,
): void {
  changes.write(pathOf(paths, version), textOf({ format: 1, ...settings }), 0o600);
}

/** Undefined for a version that has not been configured, or was by an agent that kept none. */
export function keptSettings(paths: AgentPaths, version: Version): KeptSettings | undefined {
  return readJsonFile(pathOf(paths, version), keptSettingsSchema);
}

/** Nothing is kept any more: the extension is gone from its handler. */
export function forgetSettings(paths: AgentPaths, version: Version): void {
  rmSync(pathOf(paths, version), { force: true });
}

function pathOf(paths: AgentPaths, { name, version, extensionName }: Version): string {
  const file = extensionName === undefined ? 'settings.json' : `settings.${extensionName}.json`;
  return join(paths.extensionLogs, handlerDirectoryName(handlerName(name), version), file);
}
