/** A control plane that can be stopped and started again where it was. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Operator } from '../../tests/clients/control-plane-process.ts';

export interface PlaneProcess {
  readonly pid: number;
  readonly operator: Operator;
  stop(): Promise<void>;
}

/** As it is started anywhere: with the settings for memory that its launcher has. */
const program = join(import.meta.dirname, '../../apps/control-plane/bin/sallyport-control-plane');

/** Starts it and waits until it listens. Throws when it ends instead. */
export async function startPlane(state: string, port: number, ...settings: readonly string[]): Promise<PlaneProcess> {
  const args = ['start', '--state', state, '--port', String(port), '--log-level', 'error', ...settings];
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'] },
  });
  const ended = once(child, 'exit');
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.includes('"msg":"listening"')) resolve();
    });
    child.once('exit', () => reject(new Error('The control plane ended at once.')));
  });
  return {
    pid: child.pid ?? 0,
    operator: JSON.parse(readFileSync(join(state, 'operator.json'), 'utf8')) as Operator,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
