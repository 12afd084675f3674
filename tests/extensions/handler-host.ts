/** The least a host must do for a handler, by hand: folders, environment, settings, commands (handler contract §1, §2). */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { unpackPackage } from '@sallyport/archive';
import {
  createTransportCertificate,
  formatHandlerEnvironment,
  formatSettings,
  handlerCommandEnvironment,
  parseHandlerManifest,
  parseStatus,
  sealForHandler,
  type HandlerCall,
  type StatusReading,
} from '@sallyport/handler-contract';
import { parseHandlerVersion } from '@sallyport/model';

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface HandlerHost {
  /** The handler's directory. */
  readonly directory: string;
  /** Where all handlers lie. */
  readonly all: string;
  readonly logFolder: string;
  /** Writes `config/<sequence>.settings`; protected settings are sealed as the agent does. */
  configure(sequence: number, open: Readonly<Record<string, unknown>> | null, secret?: unknown): void;
  command(
    name: HandlerCall['command'],
    sequence: number,
    variables?: Readonly<Record<string, string>>,
  ): Promise<CommandResult>;
  status(sequence: number): StatusReading;
  /** Waits until the status is no longer 'transitioning'. */
  finalStatus(sequence: number): Promise<StatusReading>;
}

/** Unpacks a package under a root of its own. */
export async function hostPackage(
  root: string,
  packageFile: string,
  name: string,
  versionText: string,
): Promise<HandlerHost> {
  const version = parseHandlerVersion(versionText);
  if (version === undefined) throw new Error(`'${versionText}' is not a version`);
  const all = join(root, 'var/lib/waagent');
  const directory = join(all, `${name}-${version}`);
  const logFolder = join(root, 'var/log/azure', name);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const descriptor = openSync(packageFile, 'r');
  await unpackPackage(descriptor, directory);
  closeSync(descriptor);
  const [configFolder, statusFolder, eventsFolder] = [
    join(directory, 'config'),
    join(directory, 'status'),
    join(logFolder, 'events'),
  ];
  for (const folder of [configFolder, statusFolder, eventsFolder]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const heartbeatFile = join(directory, 'heartbeat.log');
  const environment = { name, logFolder, configFolder, statusFolder, heartbeatFile, eventsFolder };
  writeFileSync(join(directory, 'HandlerEnvironment.json'), formatHandlerEnvironment(environment));
  const manifest = parseHandlerManifest(readFileSync(join(directory, 'HandlerManifest.json'), 'utf8'));
  const certificate = createTransportCertificate({ now: Date.now(), random: randomBytes });
  writeFileSync(join(all, `${certificate.thumbprint}.crt`), certificate.certificatePem, { mode: 0o400 });
  writeFileSync(join(all, `${certificate.thumbprint}.prv`), certificate.privateKeyPem, { mode: 0o400 });

  const status = (sequence: number): StatusReading => parseStatus(textOf(join(statusFolder, `${sequence}.status`)));
  return {
    directory,
    all,
    logFolder,
    status,
    configure(sequence, open, secret) {
      const sealed =
        secret === undefined
          ? null
          : sealForHandler(certificate.certificatePem, JSON.stringify(secret)).toString('base64');
      const protectedSettingsCertThumbprint = sealed === null ? null : certificate.thumbprint;
      const text = formatSettings({ publicSettings: open, protectedSettings: sealed, protectedSettingsCertThumbprint });
      writeFileSync(join(configFolder, `${sequence}.settings`), text);
    },
    async command(commandName, sequence, variables = {}) {
      const call: HandlerCall =
        commandName === 'update'
          ? { command: 'update', newVersion: version, fromVersion: version, disableExitCode: 0 }
          : { command: commandName, uninstallExitCode: undefined };
      const { program, arguments: args } = manifest.commands[commandName];
      const env = {
        ...handlerCommandEnvironment({ directory, version, sequence, call, morePath: [dirname(process.execPath)] }),
        ...variables,
      };
      const files = ['stdout', 'stderr'].map((stream) => join(root, `command.${stream}`));
      const outputs = files.map((file) => openSync(file, 'w'));
      const child = spawn(join(directory, program), args, {
        cwd: directory,
        env,
        detached: true,
        stdio: ['ignore', ...outputs],
      });
      const code = await new Promise<number>((resolve, reject) => {
        child.on('error', reject);
        child.on('exit', (exit) => resolve(exit ?? -1));
      });
      outputs.forEach((file) => closeSync(file));
      const [stdout = '', stderr = ''] = files.map((file) => readFileSync(file, 'utf8'));
      return { code, stdout, stderr };
    },
    async finalStatus(sequence) {
      for (let i = 0; i < 600; i += 1) {
        const reading = status(sequence);
        if (reading.kind === 'status' && reading.status.status !== 'transitioning') return reading;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      return status(sequence);
    },
  };
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not written yet.
    return undefined;
  }
}
