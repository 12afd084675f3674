/** The programs of the tour, started as any administrator would start them: as processes, by their command lines. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@sallyport/model';

export type Program = 'azcmagent' | 'sallyport-gallery' | 'sallyport-control-plane';

const launchers: Readonly<Record<Program, string>> = {
  azcmagent: 'agent/bin/azcmagent',
  'sallyport-gallery': 'gallery/bin/sallyport-gallery',
  'sallyport-control-plane': 'control-plane/bin/sallyport-control-plane',
};

function launcherOf(program: Program): string {
  return join(import.meta.dirname, '../../..', launchers[program]);
}

export interface Finished {
  readonly code: number;
  /** Standard output and error, in the order they came. */
  readonly output: string;
}

/** Runs a command to its end. Never rejects for what the command does; its exit code tells. */
export function runProgram(
  program: Program,
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
): Promise<Finished> {
  return new Promise((fulfil, reject) => {
    const child = spawn(launcherOf(program), args, {
      env: { ...process.env, ...variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const collect = (chunk: Buffer): void => void (output += chunk.toString('utf8'));
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', reject);
    child.on('close', (code) => fulfil({ code: code ?? 1, output: output.trimEnd() }));
  });
}

/** Runs a command that has to succeed. Throws {@link CodedError} `ProgramFailed` with what it said. */
export async function mustRun(
  program: Program,
  args: readonly string[],
  variables?: Readonly<Record<string, string>>,
): Promise<string> {
  const { code, output } = await runProgram(program, args, variables);
  if (code !== 0)
    throw new CodedError(
      'ProgramFailed',
      `'${program} ${args.slice(0, 2).join(' ')} …' ended with exit code ${code}:\n${output}`,
    );
  return output;
}

export interface Service {
  readonly program: Program;
  readonly logFile: string;
  /** Resolves when the process has ended, however it did. */
  readonly ended: Promise<void>;
  /** Throws, naming the log, when the process is not running any more. */
  mustRun(): void;
  /** Asks it to end (SIGTERM), insists after five seconds, and waits for it. */
  stop(): Promise<void>;
}

/** Starts a program that stays; what it prints is appended to `logFile`. */
export function startService(
  program: Program,
  args: readonly string[],
  logFile: string,
  variables: Readonly<Record<string, string>> = {},
): Service {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn(launcherOf(program), args, {
    env: { ...process.env, ...variables },
    stdio: ['ignore', log, log],
    detached: true,
  });
  closeSync(log);
  let over: string | undefined;
  const ended = new Promise<void>((fulfil) => {
    child.on('error', (error) => {
      over = error.message;
      fulfil();
    });
    child.on('exit', (code, signal) => {
      over = signal === null ? `exit code ${code}` : `signal ${signal}`;
      fulfil();
    });
  });
  return {
    program,
    logFile,
    ended,
    mustRun() {
      if (over !== undefined)
        throw new CodedError('ProgramFailed', `${program} ended (${over}). Its last words are in ${logFile}.`);
    },
    async stop() {
      if (over !== undefined) return;
      child.kill('SIGTERM');
      await Promise.race([ended, sleep(5_000, undefined, { ref: false })]);
      if (over === undefined) child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Waits until `ready` answers true, for at most `seconds`; fails at once when the service ends meanwhile. */
export async function untilReady(
  service: Service,
  what: string,
  ready: () => Promise<boolean>,
  seconds = 60,
): Promise<void> {
  const deadline = performance.now() + seconds * 1000;
  while (!(await ready())) {
    service.mustRun();
    if (performance.now() > deadline)
      throw new CodedError(
        'ProgramFailed',
        `${what} did not happen within ${seconds} seconds. See ${service.logFile}.`,
      );
    await sleep(50);
  }
}
