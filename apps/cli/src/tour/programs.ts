/** The programs of the tour, started as any administrator would start them: as processes, by their command lines. */
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@sallyport/model';
import { startService, type Service } from './service.ts';

export type Program = 'azcmagent' | 'sallyport-gallery' | 'sallyport-control-plane';

const launchers: Readonly<Record<Program, string>> = {
  azcmagent: 'agent/bin/azcmagent',
  'sallyport-gallery': 'gallery/bin/sallyport-gallery',
  'sallyport-control-plane': 'control-plane/bin/sallyport-control-plane',
};

function launcherOf(program: Program): string {
  return join(import.meta.dirname, '../../..', launchers[program]);
}

/** How long a program may take to be ready, in milliseconds. */
const patience = 60_000;

type Variables = Readonly<Record<string, string>>;

export interface Finished {
  readonly code: number;
  /** Standard output and error, in the order they came. */
  readonly output: string;
}

export interface Programs {
  /** Runs a command to its end. Does not reject for what the command does; its exit code tells. */
  run(program: Program, args: readonly string[], variables?: Variables): Promise<Finished>;
  /** Runs a command that has to succeed. Throws {@link CodedError} `ProgramFailed` with what it said. */
  mustRun(program: Program, args: readonly string[], variables?: Variables): Promise<string>;
  /** Starts a program that stays; what it prints is appended to `logFile`. */
  start(program: Program, args: readonly string[], logFile: string, variables?: Variables): Service;
  /** Waits until `ready` answers true, for a minute; fails at once when the service ends meanwhile. From then on it is to stay. */
  untilReady(service: Service, what: string, ready: () => Promise<boolean>): Promise<void>;
  /** Rejects when a program that was ready has ended before {@link stop}; never fulfils. */
  readonly oneEnded: Promise<never>;
  /** Ends whatever runs, the last first. Nothing can be started afterwards. */
  stop(): Promise<void>;
}

export function createPrograms(): Programs {
  const commands = new Set<ChildProcess>();
  const services: Service[] = [];
  const { promise: oneEnded, reject: tellEnd } = Promise.withResolvers<never>();
  // Whoever waits for it hears it; when nobody does yet, it is no unhandled rejection.
  oneEnded.catch(() => undefined);
  let stopping = false;
  const mustNotStop = (): void => {
    if (stopping) throw new CodedError('Interrupted', 'Everything is being stopped.');
  };

  const watch = async (service: Service): Promise<void> => {
    await service.ended;
    if (!stopping) tellEnd(service.end());
  };

  const programs: Programs = {
    oneEnded,
    run(program, args, variables = {}) {
      mustNotStop();
      return new Promise((fulfil, reject) => {
        const child = spawn(launcherOf(program), args, {
          env: { ...process.env, ...variables },
          stdio: ['ignore', 'pipe', 'pipe'],
        });
        commands.add(child);
        let output = '';
        const collect = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
        child.stdout.on('data', collect);
        child.stderr.on('data', collect);
        child.on('error', reject);
        child.on('close', (code) => {
          commands.delete(child);
          fulfil({ code: code ?? 1, output: output.trimEnd() });
        });
      });
    },
    async mustRun(program, args, variables) {
      const { code, output } = await programs.run(program, args, variables);
      if (code !== 0)
        throw new CodedError(
          'ProgramFailed',
          `'${program} ${args.slice(0, 2).join(' ')} …' ended with exit code ${code}:\n${output}`,
        );
      return output;
    },
    start(program, args, logFile, variables = {}) {
      mustNotStop();
      const service = startService(program, launcherOf(program), args, logFile, variables);
      services.push(service);
      return service;
    },
    async untilReady(service, what, ready) {
      const deadline = performance.now() + patience;
      while (!(await ready())) {
        service.mustRun();
        if (performance.now() > deadline)
          throw new CodedError('ProgramFailed', `${what} did not happen within a minute. See ${service.logFile}.`);
        await sleep(50);
      }
      void watch(service);
    },
    async stop() {
      stopping = true;
      for (const command of commands) command.kill('SIGTERM');
      for (const service of services.toReversed()) await service.stop();
    },
  };
  return programs;
}
