/** `HandlerManifest.json`: what a package tells its host to run (contract §1). Read with every quirk of the real ones. */
import { OperationFailure } from '@sallyport/model';
import { isObject, member, parseBoundedJson } from './bounded-json.ts';
import { parseHandlerCommand, type HandlerCommand, type HandlerCommandName } from './handler-command.ts';

export const handlerManifestFile = 'HandlerManifest.json';

export interface HandlerManifest {
  readonly commands: Readonly<Record<HandlerCommandName, HandlerCommand>>;
  /** Whether `install` follows `update` when the version changes. */
  readonly updateMode: 'UpdateWithInstall' | 'UpdateWithoutInstall';
  /** Read from the new version's manifest. */
  readonly continueOnUpdateFailure: boolean;
  readonly reportHeartbeat: boolean;
  readonly supportsMultipleExtensions: boolean;
  /** What the publisher says is enough. A host may give less. */
  readonly resourceLimits: ResourceLimits;
}

export interface ResourceLimits {
  /** Per cent of one processor. */
  readonly cpuQuotaPercentage?: number;
  readonly memoryQuotaInMB?: number;
}

/** Real manifests hold 1–2 KB and are three levels deep (T41). */
export const manifestBounds = { length: 256 * 1024, depth: 32 } as const;

/**
 * Element 0 of the array is used, a byte order mark is dropped, unknown keys are ignored (real packages have them), and a
 * boolean may be the word "true" in any case. Throws {@link OperationFailure} `ManifestMalformed` with the reason.
 */
export function parseHandlerManifest(text: string): HandlerManifest {
  const json = parseBoundedJson(text, manifestBounds);
  if (!json.ok) throw malformed(json.reason);
  if (!Array.isArray(json.value)) throw malformed('it is not an array');
  const body = member(json.value[0], 'handlerManifest');
  if (!isObject(body)) throw malformed("its first element has no object 'handlerManifest'");
  return {
    commands: {
      install: command(body, 'installCommand'),
      enable: command(body, 'enableCommand'),
      update: command(body, 'updateCommand'),
      disable: command(body, 'disableCommand'),
      uninstall: command(body, 'uninstallCommand'),
    },
    updateMode: updateMode(member(body, 'updateMode')),
    continueOnUpdateFailure: loosely(member(body, 'continueOnUpdateFailure')),
    reportHeartbeat: loosely(member(body, 'reportHeartbeat')),
    supportsMultipleExtensions: loosely(member(body, 'supportsMultipleExtensions')),
    resourceLimits: resourceLimits(member(json.value[0], 'resourceLimits')),
  };
}

/**
 * Where the manifest lies in a package: at its root or, failing that, the one nearest to the root (then first by name).
 * Undefined when there is none. `names` are the files of the package.
 */
export function findManifest(names: readonly string[]): string | undefined {
  const depth = (name: string): number => name.split('/').length;
  return names
    .filter((name) => name === handlerManifestFile || name.endsWith(`/${handlerManifestFile}`))
    .sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))
    .at(0);
}

function command(body: Readonly<Record<string, unknown>>, key: string): HandlerCommand {
  const value = member(body, key);
  if (typeof value !== 'string') throw malformed(`'handlerManifest.${key}' is missing or not text`);
  const result = parseHandlerCommand(value);
  if (!result.ok) throw malformed(`'handlerManifest.${key}' cannot be run: ${result.reason}`);
  return result.command;
}

/** Absent means with install; any word but `UpdateWithInstall` (case does not count) means without. */
function updateMode(value: unknown): HandlerManifest['updateMode'] {
  if (value === undefined || value === null) return 'UpdateWithInstall';
  const same = typeof value === 'string' && value.toLowerCase() === 'updatewithinstall';
  return same ? 'UpdateWithInstall' : 'UpdateWithoutInstall';
}

/** A quota that is no positive number is none; that a publisher asks for nothing takes nothing away. */
function resourceLimits(value: unknown): ResourceLimits {
  const quota = (key: keyof ResourceLimits): ResourceLimits => {
    const number = isObject(value) ? member(value, key) : undefined;
    return typeof number === 'number' && Number.isFinite(number) && number > 0 ? { [key]: number } : {};
  };
  return { ...quota('cpuQuotaPercentage'), ...quota('memoryQuotaInMB') };
}

function loosely(value: unknown): boolean {
  return value === true || (typeof value === 'string' && value.toLowerCase() === 'true');
}

function malformed(reason: string): OperationFailure {
  return new OperationFailure('ManifestMalformed', `${handlerManifestFile} is malformed: ${reason}.`);
}
