/** The command line of `sallyport-control-plane`. */
import { readFileSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import type { VerifyOptions } from './verify-command.ts';
import { ConfigurationError, readConfiguration, settingNames, type Configuration } from './configuration.ts';

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'start'; readonly configuration: Configuration }
  | { readonly kind: 'check'; readonly configuration: Configuration }
  | { readonly kind: 'verify'; readonly options: VerifyOptions };

/** Reads arguments, environment and the file that `--config` names. Throws `ConfigurationError`. */
export function readCommandLine(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h') || argv[0] === 'help')
    return { kind: 'help' };
  const [command, ...rest] = argv;
  if (command === 'verify-activity-log') return { kind: 'verify', options: verifyOptions(readFlags(rest).flags) };
  if (command !== 'start')
    throw new ConfigurationError(
      `There is no command '${command ?? ''}'. There are start and verify-activity-log; --help shows their settings.`,
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

function verifyOptions(flags: ReadonlyMap<string, string>): VerifyOptions {
  const unknown = [...flags.keys()].find((name) => !['state', 'checkpoints', 'key'].includes(name));
  if (unknown !== undefined)
    throw new ConfigurationError(`verify-activity-log has no --${unknown}. It has --state, --checkpoints and --key.`);
  const state = flags.get('state');
  if (state === undefined) throw new ConfigurationError('verify-activity-log needs --state DIR.');
  return { state, checkpoints: flags.get('checkpoints'), key: flags.get('key') };
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
    '       sallyport-control-plane verify-activity-log --state DIR [--checkpoints FILE] [--key FILE]',
    '',
    'Says whether the activity log is what was written: 0 it is, 1 it is not, 2 it cannot be read. Needs no running control plane.',
    '',
  ].join('\n');
}
