/** Programs of the workspace as processes of their own, started by their source files and ended by their number. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { endWithWorker } from '@sallyport/testkit';
import { compileCache } from '../../tooling/compile-cache.ts';
import { childOf } from './true-root.ts';

const apps = join(import.meta.dirname, '../../apps');

export interface Finished {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program to its end. `enter` are words to start it by, if it lives in another root. */
export async function runProgram(
  app: 'agent' | 'cli' | 'control-plane' | 'gallery',
  args: readonly string[],
  variables: Readonly<Record<string, string>> = {},
  enter: readonly string[] = [],
): Promise<Finished> {
  const child = start(app, args, variables, enter);
  let output = '';
  const collect = (chunk: Buffer): void => void (output += chunk.toString());
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  await once(child, 'close');
  return { code: child.exitCode, output };
}

export interface Service {
  readonly pid: number;
  output(): string;
  /** Resolves with the exit code when it has ended. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null>;
}

/** Starts a program that stays and waits until it has written `ready`. `enter` as for {@link runProgram}. */
export async function startService(
  app: 'agent' | 'control-plane',
  args: readonly string[],
  ready: string,
  variables: Readonly<Record<string, string>> = {},
  enter: readonly string[] = [],
): Promise<Service> {
  const child = start(app, args, variables, enter);
  const ended = once(child, 'close');
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const collect = (chunk: Buffer): void => {
      output += chunk.toString();
      if (output.includes(ready)) resolve();
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
    child.once('close', () => reject(new Error(`${app} ended at once:\n${output}`)));
  });
  // What enters another process namespace is the parent of the program there, and hands on no signals.
  const pid = enter.length > 0 ? childOf(child.pid) : (child.pid ?? 0);
  return {
    pid,
    output: () => output,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) process.kill(pid, signal);
      await ended;
      return child.exitCode;
    },
  };
}

function start(
  app: string,
  args: readonly string[],
  variables: Readonly<Record<string, string>>,
  enter: readonly string[],
): ChildProcess {
  const [program = process.execPath, ...words] = [...enter, process.execPath, join(apps, app, 'src/main.ts'), ...args];
  const child = spawn(program, words, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache, ...variables },
  });
  endWithWorker(child);
  return child;
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
