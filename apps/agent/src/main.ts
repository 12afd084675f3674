/** The program `azcmagent`. */
import { checkCatalogWord } from './catalog-watch/check-catalog-word.ts';
import { unpackWord } from './extensions/unpack/unpack-request.ts';
import { extensionsWord } from './service/extension-calls.ts';

async function main(): Promise<void> {
  const [, , word] = process.argv;
  // Not commands: how the agent calls itself for work whose memory is to go back, or that is to have hardly any rights.
  if (word === unpackWord) {
    const { runUnpackProcess } = await import('./extensions/unpack/unpack-process.ts');
    await runUnpackProcess();
  } else if (word === checkCatalogWord) {
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
  const cancel = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      cancel.abort(new Error('Canceled'));
    });
  }
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // The reader has gone (`azcmagent … | head -1`): there is nobody left to tell.
      if (error.code !== 'EPIPE') throw error;
    });
  }
  const streams = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(text),
  };
  const { runCli } = await import('./cli/run-cli.ts');
  const { processEnvironment } = await import('./platform/environment.ts');
  return runCli(process.argv.slice(2), processEnvironment(), streams, cancel.signal);
}

// Not awaited at the top level: the program is also bundled as CommonJS. runCli never throws.
void main();
