/**
 * After the machine's key was renewed, what is kept sealed is sealed for the new one: the key before goes with the next renewal,
 * and what handlers say could not be cleared of secrets that nobody can open any more (S1.7).
 */
import { createPublicKey } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isMissing } from '@sallyport/durable-files';
import type * as z from 'zod/mini';
import type { MachineKey } from '../../connection/machine-key.ts';
import { readJsonFile, writeJsonFile } from '../../platform/json-file.ts';
import type { AgentPaths } from '../../platform/paths.ts';
import { keptSettingsSchema } from './kept-settings.ts';
import { openSealed } from './open-sealed.ts';
import {
  protectedDirectory,
  storedProtectedSettingsSchema,
  type StoredProtectedSettings,
} from './protected-settings.ts';

/** Seals anew what an earlier key opens. Can be cut off and called again at any time. */
export async function resealStoredSettings(paths: AgentPaths, key: MachineKey): Promise<void> {
  const directory = protectedDirectory(paths);
  for (const name of namesIn(directory).filter((file) => /^[0-9a-f]{64}\.json$/.test(file))) {
    const path = join(directory, name);
    await resealFile(path, storedProtectedSettingsSchema, key, {
      read: (stored) => stored,
      replace: (_, settings) => settings,
    });
  }
  for (const version of namesIn(paths.extensionLogs)) {
    await resealFile(join(paths.extensionLogs, version, 'settings.json'), keptSettingsSchema, key, {
      read: (kept) => kept.protected,
      replace: (kept, settings) => ({ ...kept, protected: settings }),
    });
  }
}

/** Where in a file of this form the sealed settings are. */
interface Place<T> {
  read(content: T): StoredProtectedSettings | undefined;
  replace(content: T, settings: StoredProtectedSettings): T;
}

async function resealFile<T>(path: string, schema: z.ZodMiniType<T>, key: MachineKey, place: Place<T>): Promise<void> {
  const jweIn = (content: T | undefined): string | undefined =>
    content === undefined ? undefined : place.read(content)?.jwe;
  const before = jweIn(readJsonFile(path, schema));
  if (before === undefined) return;
  const jwe = await resealed(before, key);
  if (jwe === undefined) return;
  const now = readJsonFile(path, schema);
  const settings = now === undefined ? undefined : place.read(now);
  // Newer settings may have come while these were sealed.
  if (now === undefined || settings?.jwe !== before) return;
  writeJsonFile(path, place.replace(now, { ...settings, jwe }), 0o600);
}

/** The same, sealed for the key of now; undefined when it is already, or nobody can open it. */
async function resealed(jwe: string, key: MachineKey): Promise<string | undefined> {
  const opened = await openSealed(jwe, key).catch(() => undefined);
  if (opened === undefined || opened.current) return undefined;
  const { CompactEncrypt } = await import('jose');
  const sealed = await new CompactEncrypt(opened.plaintext)
    .setProtectedHeader(opened.protectedHeader)
    .encrypt(createPublicKey(key.privateKey));
  opened.plaintext.fill(0);
  return sealed;
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
