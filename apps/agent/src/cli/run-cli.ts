/** One call of `azcmagent`, from its arguments to its exit code. */
import { isAdministrator, type Environment } from '../platform/environment.ts';
import { AzcmError, azcmErrorOf, exitCodeOf } from './azcm-error.ts';
import type { Command, Invocation } from './command.ts';
import { commands } from './commands/index.ts';
import { commandHelp, overview } from './help.ts';
import { withOptionsFile } from './options-file.ts';
import { checkArguments, findCommand, parseArguments } from './parse-arguments.ts';
import { mannerAsked, speakError, voiceOf, type Manner, type Streams } from './voice.ts';

/** Runs the command the arguments call and returns the exit code: 0, or the number of the AZCM code. Never throws. */
export async function runCli(
  args: readonly string[],
  environment: Environment,
  streams: Streams,
  signal: AbortSignal,
): Promise<number> {
  // Before anything is parsed, so that an error of the parsing is told the way that was asked for.
  let manner: Manner = { ...mannerAsked(args), verbose: false };
  try {
    const command = helpAsked(args) ? findCommand(args.slice(1), commands) : findCommand(args, commands);
    if (command === undefined || helpAsked(args)) {
      const voice = voiceOf({ ...manner, json: false }, streams);
      for (const line of command === undefined ? overview(commands) : commandHelp(command)) voice.line(line);
      return 0;
    }
    const invocation = invocationOf(args, command);
    manner = mannerOf(invocation);
    const voice = voiceOf(manner, streams);
    if (invocation.flags.has('help')) {
      for (const line of commandHelp(command)) voiceOf({ ...manner, json: false }, streams).line(line);
      return 0;
    }
    checkArguments(command, invocation);
    if (command.administrator) requireAdministrator(command, environment);
    const { run } = await command.load();
    return (await run(invocation, { environment, voice, signal })) ?? 0;
  } catch (thrown) {
    const error = azcmErrorOf(thrown, signal);
    speakError(error, manner, streams);
    return exitCodeOf(error.code);
  }
}

function helpAsked(args: readonly string[]): boolean {
  return args[0] === 'help';
}

function invocationOf(args: readonly string[], command: Command): Invocation {
  const invocation = parseArguments(args, command);
  const file = invocation.texts.get('config');
  return file === undefined ? invocation : withOptionsFile(invocation, command, file);
}

function mannerOf(invocation: Invocation): Manner {
  return {
    json: invocation.flags.has('json'),
    verbose: invocation.flags.has('verbose'),
    logToStderr: invocation.flags.has('log-stderr'),
  };
}

function requireAdministrator(command: Command, environment: Environment): void {
  if (isAdministrator(environment)) return;
  const name = `azcmagent ${command.words.join(' ')}`;
  throw new AzcmError('AZCM0018', `${name} needs the administrator of this machine (root). Nothing was changed.`, [
    `Run it with: sudo ${name} …`,
  ]);
}
