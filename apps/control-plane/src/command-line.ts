/** The command line of `sallyport-control-plane`. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { messageOf } from '@sallyport/model';
import type { BackupOptions, RestoreOptions } from './backup/backup-command.ts';
import { ConfigurationError, readConfiguration, readStore, settingNames, type Configuration } from './configuration.ts';
import type { ExportOptions } from './export-command.ts';
import type { PostgresAddress } from './store/postgres/address.ts';
import type { VerifyOptions } from './verify-command.ts';

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'start'; readonly configuration: Configuration }
  | { readonly kind: 'check'; readonly configuration: Configuration }
  | { readonly kind: 'verify'; readonly options: VerifyOptions }
  | { readonly kind: 'export'; readonly options: ExportOptions }
  | { readonly kind: 'backup'; readonly options: BackupOptions }
  | { readonly kind: 'restore'; readonly options: RestoreOptions };

/** Reads arguments, environment and the file that `--config` names. Throws `ConfigurationError`. */
export function readCommandLine(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h') || argv[0] === 'help')
    return { kind: 'help' };
  const [command, ...rest] = argv;
  if (command === 'verify-activity-log') {
    return { kind: 'verify', options: verifyOptions(command, rest, environment) };
  }
  if (command === 'backup') {
    const { state, postgres, others } = offlineOptions(command, rest, environment, ['to']);
    return { kind: 'backup', options: { state, postgres, to: named(command, others, 'to', 'FILE') } };
  }
  if (command === 'restore') {
    const { state, postgres, others } = offlineOptions(command, rest, environment, ['from']);
    return { kind: 'restore', options: { state, postgres, from: named(command, others, 'from', 'FILE') } };
  }
  if (command === 'export-activity-log') {
    const { state, postgres, others } = offlineOptions(command, rest, environment, ['to']);
    return { kind: 'export', options: { state, postgres, to: resolve(named(command, others, 'to', 'DIR')) } };
  }
  if (command !== 'start')
    throw new ConfigurationError(
      `There is no command '${command ?? ''}'. There are start, verify-activity-log, export-activity-log, backup and restore; --help shows their settings.`,
    );
  const { flags, check } = readFlags(rest);
  const path = flags.get('config');
  flags.delete('config');
  const configuration = readConfiguration({
    flags,
    environment,
    file: path === undefined ? undefined : readFile(path),
  });
  return { kind: check ? 'check' : 'start', configuration };
}

function readFlags(rest: readonly string[]): { readonly flags: Map<string, string>; readonly check: boolean } {
  const flags = new Map<string, string>();
  let check = false;
  for (let at = 0; at < rest.length; at += 1) {
    const [, name, joined] = /^--([a-z-]+)(?:=(.*))?$/s.exec(rest[at] ?? '') ?? [];
    if (name === undefined)
      throw new ConfigurationError(`'${rest[at] ?? ''}' is not a flag. Flags look like --port 8443.`);
    if (name === 'check' && joined === undefined) {
      check = true;
      continue;
    }
    const value = joined ?? rest[(at += 1)];
    if (value === undefined || (joined === undefined && value.startsWith('--')))
      throw new ConfigurationError(`--${name} needs a value.`);
    if (flags.has(name)) throw new ConfigurationError(`--${name} is given twice.`);
    flags.set(name, value);
  }
  return { flags, check };
}

interface OfflineOptions {
  readonly state: string;
  readonly postgres: PostgresAddress | undefined;
  readonly others: Readonly<Record<string, string>>;
}

/** The flags of a command that needs no running control plane: where the state is, and `own`. Environment variables count for the store. */
function offlineOptions(
  command: string,
  rest: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  own: readonly string[],
): OfflineOptions {
  const { flags, postgres } = commandFlags(command, rest, environment, ['state', ...own]);
  const { state, ...others } = Object.fromEntries(flags);
  if (state === undefined) throw new ConfigurationError(`${command} needs --state DIR.`);
  return { state, postgres, others };
}

/** The log is verified where it is written, or where it was exported to. */
function verifyOptions(
  command: string,
  rest: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): VerifyOptions {
  const { flags, postgres } = commandFlags(command, rest, environment, ['state', 'export', 'checkpoints', 'key']);
  const { state, export: exported, checkpoints, key } = Object.fromEntries(flags);
  if ((state === undefined) === (exported === undefined))
    throw new ConfigurationError(`${command} needs --state DIR or --export DIR, one of them.`);
  const where = exported === undefined ? { state: state ?? '' } : { exported };
  return { where, postgres: exported === undefined ? postgres : undefined, checkpoints, key };
}

function commandFlags(
  command: string,
  rest: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
  own: readonly string[],
): { readonly flags: ReadonlyMap<string, string>; readonly postgres: PostgresAddress | undefined } {
  const { flags, check } = readFlags(rest);
  const known = [...own, 'store', 'store-password-file'];
  const unknown = check ? 'check' : [...flags.keys()].find((name) => !known.includes(name));
  if (unknown !== undefined)
    throw new ConfigurationError(
      `${command} has no --${unknown}. It has ${known.map((name) => `--${name}`).join(', ')}.`,
    );
  return { flags, postgres: readStore(flags, environment) };
}

function named(command: string, flags: Readonly<Record<string, string>>, name: string, what: string): string {
  const value = flags[name];
  if (value === undefined) throw new ConfigurationError(`${command} needs --${name} ${what}.`);
  return value;
}

function readFile(path: string): { readonly path: string; readonly content: unknown } {
  try {
    return { path, content: JSON.parse(readFileSync(path, 'utf8')) as unknown };
  } catch (error) {
    throw new ConfigurationError(`The configuration file '${path}' cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}

/** The help text. */
export function helpText(): string {
  const lines = Object.values(settingNames).map(
    ({ flag, variable, meaning }) => `  --${flag.padEnd(20)} ${variable.padEnd(30)} ${meaning}`,
  );
  return [
    'Usage: sallyport-control-plane start --state DIR --port N [settings]',
    '',
    'Settings, as flags, as environment variables, or as keys of the JSON file that --config FILE names:',
    ...lines,
    '',
    '  --check      only says whether the settings can be used',
    '',
    '       sallyport-control-plane verify-activity-log --state DIR | --export DIR [--checkpoints FILE] [--key FILE]',
    '       sallyport-control-plane export-activity-log --state DIR --to DIR',
    '',
    'Says whether the activity log, or what was exported of it, is what was written: 0 it is, 1 it is not, 2 it cannot be read; and exports',
    'it, a JSON object a line, going on where the directory ends. Neither needs a running control plane.',
    '',
    '       sallyport-control-plane backup --state DIR --to FILE',
    '       sallyport-control-plane restore --state DIR --from FILE',
    '',
    'Backs up database and state directory into one file, also while it runs, and restores them where nothing is yet, into either store.',
    'The file holds every key: keep it as you keep those. All of them take --store and --store-password-file.',
    '',
  ].join('\n');
}
