/** `sallyport-control-plane`: reads its settings, starts, and ends on SIGTERM or SIGINT. */
import { messageOf } from '@sallyport/model';
import { helpText, readCommandLine, type CommandLine } from './command-line.ts';
import { backUp, restore } from './backup/backup-command.ts';
import { ConfigurationError } from './configuration.ts';
import { processEnvironment } from './environment.ts';
import { exportActivityLog } from './export-command.ts';
import { createLog } from './http/log.ts';
import { verifyActivityLog, type Answered } from './verify-command.ts';

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

function answerOffline(command: Exclude<CommandLine, { kind: 'help' | 'check' | 'start' }>): Promise<Answered> {
  if (command.kind === 'verify') return verifyActivityLog(command.options);
  if (command.kind === 'export') return exportActivityLog(command.options);
  return command.kind === 'backup' ? backUp(command.options) : restore(command.options);
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
  // Database files, backups and keys are nobody else's.
  process.umask(0o077);
  if (command.kind !== 'start') {
    const { code, text } = await answerOffline(command);
    (code === 0 ? process.stdout : process.stderr).write(text);
    process.exitCode = code;
    return;
  }
  const log = createLog(command.configuration.logLevel);
  try {
    // Loaded when it is needed: what only looks at settings or a log answers at once.
    const { startControlPlane } = await import('./control-plane/control-plane.ts');
    const controlPlane = await startControlPlane(command.configuration, processEnvironment(), log);
    process.stdout.write(
      `${JSON.stringify({ level: 'info', msg: 'listening', endpoint: controlPlane.endpoint.url, port: controlPlane.port, monitoringPort: controlPlane.monitoringPort })}\n`,
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
