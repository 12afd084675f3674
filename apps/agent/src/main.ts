/** The program `azcmagent`. */
import { checkCatalogWord } from './catalog-watch/check-catalog-word.ts';
import { endedBySignal, streamsOfProcess } from './platform/this-process.ts';
import { extensionsWord } from './service/extension-calls.ts';

async function main(): Promise<void> {
  const [, , word] = process.argv;
  // Not commands: how the agent calls itself for work whose memory is to go back.
  if (word === checkCatalogWord) {
    const { runCatalogCheck } = await import('./catalog-watch/check-catalog.ts');
    await runCatalogCheck();
  } else if (word === extensionsWord) {
    const { runExtensionProcess } = await import('./service/extension-process.ts');
    await runExtensionProcess();
  } else {
    process.exitCode = await runCommand();
  }
}

async function runCommand(): Promise<number> {
  const ended = endedBySignal();
  const streams = streamsOfProcess();
  const { runCli } = await import('./cli/run-cli.ts');
  const { processEnvironment } = await import('./platform/environment.ts');
  return runCli(process.argv.slice(2), processEnvironment(), streams, ended);
}

// Not awaited at the top level: the program is also bundled as CommonJS. runCli never throws.
void main();
