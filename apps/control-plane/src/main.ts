/** `sallyport-control-plane`: reads its settings, starts, and ends on SIGTERM or SIGINT. */
import { messageOf } from '@sallyport/model';
import { helpText, readCommandLine, type CommandLine } from './command-line.ts';
import { ConfigurationError } from './configuration.ts';
import { startControlPlane } from './control-plane.ts';
import { processEnvironment } from './environment.ts';
import { createLog } from './http/log.ts';
import { verifyActivityLog } from './verify-command.ts';

function commandLine(): CommandLine | undefined {
  try {
    return readCommandLine(process.argv.slice(2), process.env);
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
    return undefined;
  }
}

async function main(): Promise<void> {
  const command = commandLine();
  if (command === undefined) return;
  if (command.kind === 'help') {
    process.stdout.write(helpText());
    return;
  }
  if (command.kind === 'check') {
    process.stdout.write('The settings can be used.\n');
    return;
  }
  if (command.kind === 'verify') {
    const { code, text } = await verifyActivityLog(command.options);
    (code === 0 ? process.stdout : process.stderr).write(text);
    process.exitCode = code;
    return;
  }
  const log = createLog(command.configuration.logLevel);
  // SQLite files and keys are nobody else's.
  process.umask(0o077);
  try {
    const controlPlane = await startControlPlane(command.configuration, processEnvironment(), log);
    process.stdout.write(
      `${JSON.stringify({ level: 'info', msg: 'listening', endpoint: controlPlane.endpoint.url })}\n`,
    );
    let ending = false;
    const end = (signal: string): void => {
      if (ending) return;
      ending = true;
      log.info({ msg: 'ending', signal });
      controlPlane.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error({ msg: 'could not end cleanly', reason: messageOf(error) });
          process.exit(1);
        },
      );
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  } catch (error) {
    log.error({ msg: 'could not start', reason: messageOf(error) });
    process.stderr.write(`The control plane could not start: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

await main();
