/**
 * Debian's azure-cli, unchanged, with a configuration folder and a CA of the test's. It is told of nothing but the control
 * plane, as `docs/how-to/use-the-azure-cli.md` says.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, watchFile, unwatchFile } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { endWithWorker } from '@sallyport/testkit';
import type { Operator } from './control-plane-process.ts';

/** Commands are given as they are typed; what may hold blanks follows as words of its own. */
export interface AzureCli {
  /** What the command printed as JSON, undefined when it printed nothing. Throws with its own words when it failed. */
  run(command: string, ...words: readonly string[]): Promise<unknown>;
  /** What the command printed, as it is. */
  text(command: string, ...words: readonly string[]): Promise<string>;
  /** What a command that must fail said. */
  refused(command: string, ...words: readonly string[]): Promise<string>;
  /** Starts a command and hands its error output so far to `said` whenever there is more; then like `run`. */
  follow(said: (text: string) => void, command: string, ...words: readonly string[]): Promise<unknown>;
  close(): Promise<void>;
}

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly errors: string;
}

/** An installation of `az` that has its folder to itself. Commands at once run side by side. */
export function azureCli(operator: Operator, folder: string): AzureCli {
  const home = join(folder, 'az');
  mkdirSync(join(home, 'output'), { recursive: true });
  const server = spawn('/usr/bin/python3', [join(import.meta.dirname, 'azure-cli-server.py')], {
    stdio: ['pipe', 'pipe', 'inherit'],
    cwd: home,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      AZURE_CONFIG_DIR: join(home, 'config'),
      REQUESTS_CA_BUNDLE: operator.caFile,
      AZURE_CORE_COLLECT_TELEMETRY: 'false',
      AZURE_CORE_ONLY_SHOW_ERRORS: 'true',
      AZURE_CORE_NO_COLOR: 'true',
    },
  });
  endWithWorker(server);
  const ended = once(server, 'close');
  const waiting = new Map<number, (code: number) => void>();
  createInterface({ input: server.stdout }).on('line', (line) => {
    const { id, code } = JSON.parse(line) as { readonly id: number; readonly code: number };
    waiting.get(id)?.(code);
    waiting.delete(id);
  });
  let commands = 0;

  async function start(args: readonly string[], said?: (text: string) => void): Promise<Ended> {
    const id = (commands += 1);
    const out = join(home, 'output', `${id}.out`);
    const errors = join(home, 'output', `${id}.errors`);
    if (said !== undefined)
      watchFile(errors, { interval: 100 }, ({ size }) => size > 0 && said(readFileSync(errors, 'utf8')));
    const code = await new Promise<number>((resolve, reject) => {
      waiting.set(id, resolve);
      void ended.then(() => reject(new Error('The process of az ended.')));
      server.stdin.write(`${JSON.stringify({ id, args, out, errors })}\n`);
    });
    unwatchFile(errors);
    return { code, out: readFileSync(out, 'utf8'), errors: readFileSync(errors, 'utf8') };
  }

  async function succeed(args: readonly string[], said?: (text: string) => void): Promise<string> {
    const { code, out, errors } = await start(args, said);
    if (code !== 0) throw new Error(`az ${args.join(' ')} ended with ${code}:\n${errors}\n${out}`);
    return out;
  }

  const json = (out: string): unknown => (out.trim() === '' ? undefined : JSON.parse(out));
  return {
    text: (command, ...words) => succeed(argumentsOf(command, words)),
    run: async (command, ...words) => json(await succeed([...argumentsOf(command, words), '--output', 'json'])),
    follow: async (said, command, ...words) =>
      json(await succeed([...argumentsOf(command, words), '--output', 'json'], said)),
    refused: async (command, ...words) => {
      const args = argumentsOf(command, words);
      const { code, out, errors } = await start(args);
      if (code === 0) throw new Error(`az ${args.join(' ')} was expected to be refused. It said:\n${out}`);
      return errors;
    },
    close: async () => {
      server.stdin.end();
      await ended;
    },
  };
}

function argumentsOf(command: string, words: readonly string[]): readonly string[] {
  return [...command.split(' '), ...words];
}

/** The cloud as `az cloud register` takes it from the control plane alone. */
export async function registerCloud(az: AzureCli, { endpoint }: Operator): Promise<void> {
  await az.text('cloud register --name Sallyport --endpoint-resource-manager', endpoint);
  await az.text('cloud set --name Sallyport');
}
