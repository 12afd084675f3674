/**
 * The settings that a version was configured with last, as its handler got them: kept beside its record, because extensions
 * scrub their own files, and because what the centre wants by then may be something else. Protected ones are ciphertext (S1.7).
 */
import { join } from 'node:path';
import { handlerDirectoryName } from '@sallyport/handler-contract';
import { handlerName } from '@sallyport/model';
import * as z from 'zod/mini';
import { readJsonFile, writeJsonFile } from '../../platform/json-file.ts';
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

type Version = Pick<InstalledExtension, 'name' | 'version'>;

/** Durable when it returns. The version has a record. */
export function keepSettings(paths: AgentPaths, version: Version, settings: Omit<KeptSettings, 'format'>): void {
  writeJsonFile(pathOf(paths, version), { format: 1, ...settings }, 0o600);
}

/** Undefined for a version that has not been configured, or was by an agent that kept none. */
export function keptSettings(paths: AgentPaths, version: Version): KeptSettings | undefined {
  return readJsonFile(pathOf(paths, version), keptSettingsSchema);
}

function pathOf(paths: AgentPaths, { name, version }: Version): string {
  return join(paths.extensionLogs, handlerDirectoryName(handlerName(name), version), 'settings.json');
}
