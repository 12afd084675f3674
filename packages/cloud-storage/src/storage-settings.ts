/**
 * Where a gallery keeps its packages: `storage.json` in its folder. No secrets; whoever changes it can withhold packages and change none,
 * because what a package is stands in the signed catalog. Without the file it is the gallery's own folder `packages`.
 */
import { join } from 'node:path';
import { readIfThere, writeDurably } from '@sallyport/durable-files';
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { requireStorageAddress, StorageAddressError, storageName } from './open-storage.ts';

const storageSettingsSchema = z.strictObject({
  format: z.literal(1),
  /** `direct`: machines fetch from storage (S1.4). `proxied`: all of them through the control plane's own URL (S1.5). */
  delivery: z.enum(['direct', 'proxied']),
  /** The first that is not being emptied takes what is new. */
  storages: z
    .array(z.strictObject({ address: z.string().check(z.minLength(1), z.maxLength(2048)), emptying: z.boolean() }))
    .check(z.minLength(1), z.maxLength(16)),
});
export type StorageSettings = z.infer<typeof storageSettingsSchema>;

/** A gallery that nobody has told anything else. Folders are relative to the gallery. */
export const folderSettings: StorageSettings = {
  format: 1,
  delivery: 'direct',
  storages: [{ address: 'packages', emptying: false }],
};

export function storageSettingsFile(gallery: string): string {
  return join(gallery, 'storage.json');
}

/** Throws `MalformedInput` or {@link StorageAddressError}. */
export function readStorageSettings(gallery: string): StorageSettings {
  const file = storageSettingsFile(gallery);
  const bytes = readIfThere(file);
  if (bytes === undefined) return folderSettings;
  const settings = parseJson(storageSettingsSchema, bytes.toString('utf8'), file);
  requireStorages(settings);
  return settings;
}

export function writeStorageSettings(gallery: string, settings: StorageSettings): void {
  requireStorages(settings);
  // The control plane reads it as well, under a user of its own.
  writeDurably(storageSettingsFile(gallery), `${JSON.stringify(settings, undefined, 2)}\n`, 0o644);
}

/** Throws {@link StorageAddressError} with what cannot be. */
export function requireStorages({ storages }: StorageSettings): void {
  const names = new Set<string>();
  for (const { address } of storages) {
    requireStorageAddress(address);
    const name = storageName(address);
    if (names.has(name)) throw new StorageAddressError(`The storage ${name} is named twice.`);
    names.add(name);
  }
  if (storages.every(({ emptying }) => emptying)) {
    throw new StorageAddressError('All storages are being emptied: name one that takes what is new.');
  }
}
