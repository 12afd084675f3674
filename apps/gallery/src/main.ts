/** `sallyport-gallery`: makes a gallery, lets publishers in, publishes and fetches packages. Needs no network and no control plane. */
import { buildApplication, run, text_en, type StricliDynamicCommandContext } from '@stricli/core';
import { CodedError, messageOf } from '@sallyport/model';
import { commands } from './commands/index.ts';
import { printable, type GalleryContext } from './context.ts';
import { exitCodeOf } from './gallery-error.ts';

const application = buildApplication(commands, {
  name: 'sallyport-gallery',
  scanner: { caseStyle: 'allow-kebab-for-camel' },
  documentation: { caseStyle: 'convert-camel-to-kebab' },
  localization: {
    loadText: () => ({ ...text_en, exceptionWhileRunningCommand: sentence, commandErrorResult: sentence }),
  },
  determineExitCode: exitCodeOf,
});

// stricli's type for the process leaves out that an exit code may be unset.
const context = { process, now: () => new Date() } as unknown as StricliDynamicCommandContext<GalleryContext>;
await run(application, process.argv.slice(2), context);
// stricli's own negative codes all mean that the command line was not understood.
if (Number(process.exitCode) < 0) process.exitCode = 2;

/** Errors are one sentence with a code; stack traces are for the unforeseen only. */
function sentence(error: unknown): string {
  if (error instanceof CodedError || (error instanceof Error && error.name === 'ArchiveError')) {
    return printable(`${(error as CodedError).code}: ${error.message}`);
  }
  // An error of the file system says what and where by itself.
  if (error instanceof Error && 'syscall' in error) return printable(messageOf(error));
  return printable(error instanceof Error ? (error.stack ?? error.message) : messageOf(error));
}
