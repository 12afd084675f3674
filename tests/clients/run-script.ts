/** Runs a client script in its own process: Node reads NODE_EXTRA_CA_CERTS only when it starts. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { endWithWorker } from '@sallyport/testkit';
import type { Operator } from './control-plane-process.ts';

/** The JSON that the script printed. Throws with what it wrote when it failed. Arguments arrive as the script's argv. */
export function runScript<T>(name: string, operator: Operator, ...args: readonly string[]): Promise<T> {
  return followScript<T>(() => undefined, name, operator, ...args);
}

/** The same, and what the script writes for a person meanwhile is handed to `said`, piece by piece. */
export async function followScript<T>(
  said: (text: string) => void,
  name: string,
  operator: Operator,
  ...args: readonly string[]
): Promise<T> {
  const child = spawn(
    process.execPath,
    [join(import.meta.dirname, 'scripts', name), JSON.stringify(operator), ...args],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], NODE_EXTRA_CA_CERTS: operator.caFile },
    },
  );
  endWithWorker(child);
  let out = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
    said(chunk.toString());
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${name} ended with ${String(code)}:\n${errors}\n${out}`);
  return JSON.parse(out) as T;
}
