/** The settings of the public schema, from their two places to what is to be done. Pure. */
import { isObject, type JsonObject } from './json.ts';
import { Refusal } from './refusal.ts';

/** What to run. `isProtected` things must not outlive the run on disk. */
export type ScriptSource =
  | { readonly kind: 'command'; readonly text: string; readonly isProtected: boolean }
  /** Base64, gzip inside or not. */
  | { readonly kind: 'script'; readonly encoded: string; readonly isProtected: boolean };

export interface Settings {
  readonly source: ScriptSource;
  readonly fileUris: readonly string[];
  readonly skipDos2Unix: boolean;
}

/** Most characters of `script`: 256 KB, as documented. */
export const scriptLimit = 256 * 1024;

const known = ['commandToExecute', 'script', 'fileUris', 'skipDos2Unix', 'timestamp'] as const;
const unsupported: ReadonlyMap<string, string> = new Map([
  [
    'storageAccountName',
    'Downloading with the key of a storage account is not supported yet; give an address with a shared access signature in fileUris.',
  ],
  [
    'storageAccountKey',
    'Downloading with the key of a storage account is not supported yet; give an address with a shared access signature in fileUris.',
  ],
  [
    'managedIdentity',
    'Downloading with a managed identity is not supported yet; give an address with a shared access signature in fileUris.',
  ],
]);

/** Joins both places. Throws {@link Refusal} with the first thing that is wrong. */
export function joinSettings(open: JsonObject, secret: JsonObject): Settings {
  for (const [place, settings] of [
    ['public', open],
    ['protected', secret],
  ] as const) {
    for (const key of Object.keys(settings)) refuseUnknown(key, place);
  }
  for (const key of known) {
    if (has(open, key) && has(secret, key)) {
      throw new Refusal(`'${key}' is in the public and in the protected settings; give it in one of them only.`);
    }
  }
  const value = (key: (typeof known)[number]): unknown => (has(open, key) ? open[key] : secret[key]);
  const timestamp = value('timestamp') ?? 0;
  if (!Number.isSafeInteger(timestamp)) throw new Refusal("'timestamp' must be a whole number.");
  const skipDos2Unix = value('skipDos2Unix') ?? false;
  if (typeof skipDos2Unix !== 'boolean') throw new Refusal("'skipDos2Unix' must be true or false.");
  return {
    source: sourceOf(value('commandToExecute'), value('script'), secret),
    fileUris: urisOf(value('fileUris')),
    skipDos2Unix,
  };
}

function refuseUnknown(key: string, place: string): void {
  const sentence = unsupported.get(key);
  if (sentence !== undefined) throw new Refusal(`'${key}' was given. ${sentence}`);
  if (!(known as readonly string[]).includes(key)) {
    throw new Refusal(
      `'${key}' in the ${place} settings is not a setting of Custom Script; there are ${known.join(', ')}.`,
    );
  }
}

function sourceOf(command: unknown, script: unknown, secret: JsonObject): ScriptSource {
  const hasCommand = command !== undefined && command !== null && command !== '';
  const hasScript = script !== undefined && script !== null && script !== '';
  if (hasCommand && hasScript) throw new Refusal("'commandToExecute' and 'script' were both given; give one of them.");
  if (hasCommand) {
    if (typeof command !== 'string') throw new Refusal("'commandToExecute' must be text.");
    if (command.includes('\0')) throw new Refusal("'commandToExecute' holds a NUL character.");
    return { kind: 'command', text: command, isProtected: has(secret, 'commandToExecute') };
  }
  if (!hasScript) throw new Refusal("There is nothing to run: give 'commandToExecute' or 'script'.");
  if (typeof script !== 'string') throw new Refusal("'script' must be text in base64.");
  if (script.length > scriptLimit)
    throw new Refusal("'script' is larger than 256 KB; put it behind an address in fileUris instead.");
  return { kind: 'script', encoded: script, isProtected: has(secret, 'script') };
}

function urisOf(value: unknown): readonly string[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === 'string')) {
    throw new Refusal("'fileUris' must be a list of addresses.");
  }
  if (value.length > 100) throw new Refusal("'fileUris' has more than 100 addresses.");
  return value;
}

function has(settings: JsonObject, key: string): boolean {
  return Object.hasOwn(settings, key) && settings[key] !== null;
}

/** What the settings file holds: public settings, and the protected ones still closed. */
export interface SettingsFile {
  readonly open: JsonObject;
  readonly sealed: { readonly content: string; readonly thumbprint: string } | undefined;
}

/** Reads the text of `<sequence>.settings`; an empty file means that there are none. */
export function parseSettingsFile(text: string): SettingsFile {
  if (text.trim() === '') return { open: {}, sealed: undefined };
  const parsed: unknown = JSON.parse(text);
  const list = isObject(parsed) ? parsed['runtimeSettings'] : undefined;
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  const settings = isObject(first) ? first['handlerSettings'] : undefined;
  if (!isObject(settings)) throw new Refusal('The settings file of the host has no handlerSettings.');
  const open = settings['publicSettings'];
  const content = settings['protectedSettings'];
  const thumbprint = settings['protectedSettingsCertThumbprint'];
  const isSealed = typeof content === 'string' && content !== '' && typeof thumbprint === 'string';
  return { open: isObject(open) ? open : {}, sealed: isSealed ? { content, thumbprint } : undefined };
}
