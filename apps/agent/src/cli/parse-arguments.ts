/** From the words after `azcmagent` to a command and what it was called with. */
import { parseArgs, type ParseArgsOptionDescriptor } from 'node:util';
import { messageOf } from '@sallyport/model';
import { AzcmError } from './azcm-error.ts';
import type { Command, Invocation, Option } from './command.ts';
import { commonOptions } from './common-options.ts';
import { nearest } from './nearest.ts';

/**
 * The command that the leading words call, or undefined when there are none. Options common to all commands may stand before
 * the words. Throws AZCM0101 for words that call nothing, with the nearest command.
 */
export function findCommand(args: readonly string[], commands: readonly Command[]): Command | undefined {
  const words = leadingWords(args);
  if (words.length === 0) {
    refuseUnknownOption(args);
    return undefined;
  }
  const called = commands
    .filter((command) => command.words.every((word, i) => words[i] === word))
    .sort((a, b) => b.words.length - a.words.length)[0];
  if (called === undefined) throw notACommand(words, commands);
  return called;
}

function notACommand([first = '', second]: readonly string[], commands: readonly Command[]): AzcmError {
  const names = commands.map((command) => command.words.join(' '));
  const group = names.filter((name) => name.startsWith(`${first} `));
  const actions = ['See all commands with: azcmagent help'];
  if (group.length > 0) actions.unshift(`Commands: ${group.map((name) => `azcmagent ${name}`).join(', ')}`);
  if (group.length > 0 && second === undefined) {
    return new AzcmError('AZCM0101', `'${first}' needs another word.`, actions);
  }
  const typed = group.length > 0 ? `${first} ${second}` : first;
  const suggestion = nearest(typed, group.length > 0 ? group : names);
  if (suggestion !== undefined) actions.unshift(`Did you mean: azcmagent ${suggestion}`);
  return new AzcmError('AZCM0101', `'${typed}' is not a command of azcmagent.`, actions);
}

/** Without a command the overview is shown, and only options of every command make sense. */
function refuseUnknownOption(args: readonly string[]): void {
  const known = commonOptions.flatMap(({ name, short }) => [
    `--${name}`,
    ...(short === undefined ? [] : [`-${short}`]),
  ]);
  const unknown = args.find((arg) => arg.startsWith('-') && !known.includes(arg));
  if (unknown === undefined) return;
  throw new AzcmError('AZCM0101', `'${unknown}' is not an option of azcmagent.`, [
    'See all commands with: azcmagent help',
  ]);
}

/**
 * Reads the options and arguments of a command. Throws AZCM0101 for an option it does not have, AZCM0016 for a value that is
 * missing. Does not count the arguments: {@link checkArguments} does, after `--help` had its chance.
 */
export function parseArguments(args: readonly string[], command: Command): Invocation {
  const options = [...commonOptions, ...command.options];
  const parsed = parsedOrRefused(args, command, options);
  const texts = new Map<string, string>();
  const flags = new Set<string>();
  for (const [name, value] of Object.entries(parsed.values)) {
    if (typeof value === 'string') texts.set(name, value);
    else if (value === true) flags.add(name);
  }
  return { arguments: parsed.positionals.slice(command.words.length), texts, flags };
}

/** Throws AZCM0016 or AZCM0023 when there are too few or too many arguments. */
export function checkArguments(command: Command, invocation: Invocation): void {
  const [least, most] = command.arguments;
  const given = invocation.arguments.length;
  if (given >= least && given <= most) return;
  const call = `azcmagent ${[...command.words, command.usage].join(' ')}`.trim();
  throw given < least
    ? new AzcmError('AZCM0016', `An argument is missing: ${call}`, [`See: azcmagent ${command.words.join(' ')} --help`])
    : new AzcmError('AZCM0023', `'${invocation.arguments[most] ?? ''}' is one argument too many for: ${call}`, [
        'If it belongs to a value that holds blanks, put plain double quotes (") around the whole value.',
      ]);
}

function leadingWords(args: readonly string[]): string[] {
  const words: string[] = [];
  for (let i = 0; i < args.length; i += 1) {
    const arg = args[i] ?? '';
    if (arg === '--config') i += 1;
    else if (!arg.startsWith('-')) words.push(arg);
  }
  return words;
}

function parsedOrRefused(args: readonly string[], command: Command, options: readonly Option[]) {
  const descriptors: Record<string, ParseArgsOptionDescriptor> = {};
  for (const option of options) {
    descriptors[option.name] = {
      type: option.kind === 'flag' ? 'boolean' : 'string',
      ...(option.short === undefined ? {} : { short: option.short }),
    };
  }
  try {
    return parseArgs({ args: [...args], options: descriptors, allowPositionals: true, strict: true });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const name = `azcmagent ${command.words.join(' ')}`;
    if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') {
      const unknown = /'(-[^']*)'/.exec(messageOf(error))?.[1] ?? '';
      const suggestion = nearest(
        unknown,
        options.map((option) => `--${option.name}`),
      );
      throw new AzcmError(
        'AZCM0101',
        `'${unknown}' is not an option of ${name}.`,
        [...(suggestion === undefined ? [] : [`Did you mean: ${suggestion}`]), `See: ${name} --help`],
        { cause: error },
      );
    }
    if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE') {
      throw new AzcmError('AZCM0016', messageOf(error), [`See: ${name} --help`], {
        cause: error,
      });
    }
    throw error;
  }
}
