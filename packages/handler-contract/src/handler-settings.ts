/** `config/<sequence>.settings`: public settings in clear, protected ones encrypted for the machine (contract §1, §9; S1.7). */
import { CodedError } from '@sallyport/model';
import { isObject, member, parseBoundedJson } from './bounded-json.ts';
import { formatPythonJson, type JsonValue } from './python-json.ts';

export interface HandlerSettings {
  readonly publicSettings: Readonly<Record<string, unknown>> | null;
  /** Base64 of a CMS EnvelopedData; see {@link sealForHandler}. */
  readonly protectedSettings: string | null;
  /** Upper-case SHA-1 hex of the certificate, which lies beside the handlers as `<thumbprint>.crt` and `.prv`. */
  readonly protectedSettingsCertThumbprint: string | null;
}

/** What a handler finds when it has no settings: a file of zero bytes, sequence 0. */
export const noSettings = '';

/** `7.settings`, as extensions look for it; `name.7.settings` where a handler has several extensions (contract §5). */
export function settingsFileName(sequence: number, extensionName?: string): string {
  return `${prefixOf(extensionName)}${sequence}.settings`;
}

/** `7.status`, `name.7.status`: where an extension says how it went. */
export function statusFileName(sequence: number, extensionName?: string): string {
  return `${prefixOf(extensionName)}${sequence}.status`;
}

/** Whether a file among settings or status files is of that extension; `a` has no share in what is of `a.b`. */
export function isFileOfExtension(file: string, extensionName: string): boolean {
  return (
    file.startsWith(`${extensionName}.`) && /^\d+\.(?:settings|status)$/.test(file.slice(extensionName.length + 1))
  );
}

function prefixOf(extensionName: string | undefined): string {
  return extensionName === undefined ? '' : `${extensionName}.`;
}

/** The file's text. All three keys are always there, null when absent. */
export function formatSettings(settings: HandlerSettings): string {
  return formatPythonJson({
    runtimeSettings: [
      {
        handlerSettings: {
          // Settings came as JSON and were parsed as JSON, so they hold nothing else.
          publicSettings: settings.publicSettings as JsonValue,
          protectedSettings: settings.protectedSettings,
          protectedSettingsCertThumbprint: settings.protectedSettingsCertThumbprint,
        },
      },
    ],
  });
}

/** Settings may be large (scripts of 256 KB in base64), not deep (T53). */
export const settingsBounds = { length: 4 * 1024 * 1024, depth: 128 } as const;

/**
 * The settings in a file's text; undefined for the empty file of a handler without any. Extensions rewrite these files
 * (protected parts blanked out), so a reader must be ready for that. Throws {@link CodedError} `MalformedSettings`.
 */
export function parseSettings(text: string): HandlerSettings | undefined {
  if (text.trim() === '') return undefined;
  const json = parseBoundedJson(text, settingsBounds);
  if (!json.ok) throw new CodedError('MalformedSettings', `The settings file is malformed: ${json.reason}.`);
  const list = member(json.value, 'runtimeSettings');
  const settings = Array.isArray(list) ? member(list[0], 'handlerSettings') : undefined;
  if (!isObject(settings)) {
    throw new CodedError(
      'MalformedSettings',
      "The settings file is malformed: it has no 'runtimeSettings[0].handlerSettings'.",
    );
  }
  const open = member(settings, 'publicSettings');
  return {
    publicSettings: isObject(open) ? open : null,
    protectedSettings: textOrNull(member(settings, 'protectedSettings')),
    protectedSettingsCertThumbprint: textOrNull(member(settings, 'protectedSettingsCertThumbprint')),
  };
}

function textOrNull(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}
