/** The program `azcmagent`. */
import { unpackWord } from './extensions/unpack/unpack-request.ts';

async function main(): Promise<void> {
  if (process.argv[2] !== unpackWord) {
    process.exitCode = await runCommand();
    return;
  }
  // Not a command: how the agent calls itself to open packages with hardly any rights. It is waited for and loads little.
  const { runUnpackProcess } = await import('./extensions/unpack/unpack-process.ts');
  await runUnpackProcess();
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
