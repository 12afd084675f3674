/**
 * `sallyport`, the operator's command line. `gallery` and `control-plane` are programs of their own and are handed over to;
 * everything else is an ordinary client of the control plane's API.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { buildApplication, run, text_en, type StricliDynamicCommandContext } from '@stricli/core';
import { CodedError, messageOf } from '@sallyport/model';
import type { CliContext } from './context.ts';
import { commands } from './commands/index.ts';
import { printable } from './output/table.ts';

/** What is handed over: the words it begins with, the program, the words that stand for them there. */
const programs = [
  { words: ['gallery'], program: 'gallery', command: [] },
  { words: ['control-plane'], program: 'control-plane', command: [] },
  // Works on the control plane's files, offline: no client of the API could say whether it is lied to.
  { words: ['activity-log', 'verify'], program: 'control-plane', command: ['verify-activity-log'] },
  { words: ['activity-log', 'export'], program: 'control-plane', command: ['export-activity-log'] },
] as const;

const args = process.argv.slice(2);
const handedOver = programs.find(({ words }) => words.every((word, index) => args[index] === word));
if (handedOver !== undefined) {
  const main = join(import.meta.dirname, `../../${handedOver.program}/src/main.ts`);
  const rest = args.slice(handedOver.words.length);
  const handed = spawnSync(process.execPath, [main, ...handedOver.command, ...rest], {
    stdio: 'inherit',
  });
  process.exitCode = handed.status ?? 1;
} else {
  const application = buildApplication(commands, {
    name: 'sallyport',
    scanner: { caseStyle: 'allow-kebab-for-camel' },
    documentation: { caseStyle: 'convert-camel-to-kebab' },
    localization: {
      loadText: () => ({ ...text_en, exceptionWhileRunningCommand: sentence, commandErrorResult: sentence }),
    },
    determineExitCode: () => 1,
  });
  // stricli's type for the process leaves out that an exit code may be unset.
  const context = { process } as StricliDynamicCommandContext<CliContext>;
  await run(application, args, context);
}

/** Errors are one sentence with a code; stack traces are for the unforeseen only. */
function sentence(error: unknown): string {
  if (error instanceof CodedError) return printable(`${error.code}: ${error.message}`);
  return printable(
    error instanceof Error && error.cause === undefined ? (error.stack ?? error.message) : messageOf(error),
  );
}
