/** The command line of `sallyport-control-plane`. */
import { readFileSync } from 'node:fs';
import { messageOf } from '@sallyport/model';
import { ConfigurationError, readConfiguration, settingNames, type Configuration } from './configuration.ts';

export type CommandLine =
  | { readonly kind: 'help' }
  | { readonly kind: 'start'; readonly configuration: Configuration }
  | { readonly kind: 'check'; readonly configuration: Configuration };

/** Reads arguments, environment and the file that `--config` names. Throws `ConfigurationError`. */
export function readCommandLine(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  if (argv.length === 0 || argv.includes('--help') || argv.includes('-h') || argv[0] === 'help')
    return { kind: 'help' };
  const [command, ...rest] = argv;
  if (command !== 'start')
    throw new ConfigurationError(
      `There is no command '${command ?? ''}'. The command is start; --help shows its settings.`,
    );
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
  const path = flags.get('config');
  flags.delete('config');
  const configuration = readConfiguration({
    flags,
    environment,
    file: path === undefined ? undefined : readFile(path),
  });
  return { kind: check ? 'check' : 'start', configuration };
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
    ({ flag, variable, meaning }) => `  --${flag.padEnd(12)} ${variable.padEnd(22)} ${meaning}`,
  );
  return [
    'Usage: sallyport-control-plane start --state DIR --port N [settings]',
    '',
    'Settings, as flags, as environment variables, or as keys of the JSON file that --config FILE names:',
    ...lines,
    '',
    '  --check      only says whether the settings can be used',
    '',
  ].join('\n');
}
