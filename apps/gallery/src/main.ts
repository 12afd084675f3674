/** `sallyport-gallery`: makes a gallery, lets publishers in, publishes and fetches packages. Needs no network and no control plane. */
import { buildApplication, run, text_en, type StricliDynamicCommandContext } from '@stricli/core';
import { commands } from './commands/index.ts';
import { printable, type GalleryContext } from './context.ts';
import { exitCodeOf } from './gallery-error.ts';
import { toldError } from './told-error.ts';

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

function sentence(error: unknown): string {
  return printable(toldError(error));
}
