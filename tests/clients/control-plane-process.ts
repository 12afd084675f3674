/** A real control plane as its own process, for tests that drive it from outside. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithWorker, storeSettings } from '@sallyport/testkit';
import { compileCache } from '../../tooling/compile-cache.ts';

export interface Operator {
  readonly endpoint: string;
  readonly caFile: string;
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly subscriptionId: string;
}

export interface ControlPlaneProcess {
  readonly operator: Operator;
  /** Where it listens, behind whatever it is known by. */
  readonly port: number;
  readonly pid: number;
  /** Everything it wrote so far. */
  output(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL, at once. */
  crash(): Promise<void>;
}

const main = join(import.meta.dirname, '../../apps/control-plane/src/main.ts');

/** Starts a control plane on a free port and waits until it listens. Throws with its output when it ends instead. */
export async function startControlPlaneProcess(
  state: string,
  ...settings: readonly string[]
): Promise<ControlPlaneProcess> {
  const store = settings.includes('--store') ? [] : storeSettings(state);
  const args = [main, 'start', '--state', state, '--port', '0', ...store, ...settings];
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'], NODE_COMPILE_CACHE: compileCache },
  });
  endWithWorker(child);
  const ended = once(child, 'exit');
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const port = await new Promise<number>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      output += `${line}\n`;
      if (line.includes('"msg":"listening"')) resolve((JSON.parse(line) as { readonly port: number }).port);
    });
    child.once('exit', () => reject(new Error(`The control plane ended at once:\n${output}`)));
  });
  return {
    operator: JSON.parse(readFileSync(join(state, 'operator.json'), 'utf8')) as Operator,
    port,
    pid: child.pid ?? 0,
    output: () => output,
    stop: async () => {
      await signal(child, 'SIGTERM', ended);
      return child.exitCode;
    },
    crash: () => signal(child, 'SIGKILL', ended),
  };
}

async function signal(child: ChildProcess, name: 'SIGTERM' | 'SIGKILL', ended: Promise<unknown>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill(name);
  await ended;
}
