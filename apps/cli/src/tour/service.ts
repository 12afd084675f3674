/** One program that stays while the tour does, and not a moment longer, however the tour ends. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { CodedError } from '@sallyport/model';

export interface Service {
  readonly program: string;
  readonly logFile: string;
  /** Resolves when the process has ended, however it did. */
  readonly ended: Promise<void>;
  /** How it ended, as an error that names its log. */
  end(): CodedError;
  /** Throws {@link end} when the process is not running any more. */
  mustRun(): void;
  /** Asks it to end (SIGTERM), insists after five seconds, and waits for it. */
  stop(): Promise<void>;
}

/**
 * Turns into the program, and leaves a watcher behind that waits for the end of descriptor 3: it ends with the tour, also when
 * that is killed and can tell nobody. Otherwise a killed tour would leave a control plane and an agent that hold its state.
 */
const untilTheTourEnds = `(read -r _ <&3; kill -TERM $$ 2>/dev/null) & exec "$@" 3<&-`;

export function startService(
  program: string,
  launcher: string,
  args: readonly string[],
  logFile: string,
  variables: Readonly<Record<string, string>>,
): Service {
  const log = openSync(logFile, 'a', 0o600);
  const child = spawn('/bin/sh', ['-c', untilTheTourEnds, program, launcher, ...args], {
    env: { ...process.env, ...variables },
    stdio: ['ignore', log, log, 'pipe'],
    // A session of its own: Ctrl+C reaches the tour, which ends its programs in order.
    detached: true,
  });
  closeSync(log);
  let over: string | undefined;
  const ended = new Promise<void>((fulfil) => {
    const end = (how: string): void => {
      over ??= how;
      child.stdio[3]?.destroy();
      fulfil();
    };
    child.on('error', (error) => end(error.message));
    child.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : `signal ${signal}`));
  });
  const end = (): CodedError =>
    new CodedError('ProgramFailed', `${program} ended (${over ?? 'not yet'}). Its last words are in ${logFile}.`);
  return {
    program,
    logFile,
    ended,
    end,
    mustRun() {
      if (over !== undefined) throw end();
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
