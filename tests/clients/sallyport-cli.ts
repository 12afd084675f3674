/** The operator's `sallyport`, as its own process. */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Operator } from './control-plane-process.ts';

const main = join(import.meta.dirname, '../../apps/cli/src/main.ts');

export interface SallyportCli {
  /** What it printed. Throws with what it said when it failed. */
  run(...args: readonly string[]): Promise<string>;
  /** What a command that must fail said. */
  refused(...args: readonly string[]): Promise<string>;
}

/** A command line with a connection file of its own. */
export function sallyportCli(operator: Operator, folder: string): SallyportCli {
  const connection = join(folder, 'connection.json');
  const rest = { resourceGroup: 'Fleet', machineName: 'web', agentRoot: folder };
  writeFileSync(connection, JSON.stringify({ ...operator, ...rest }), { mode: 0o600 });
  const start = (args: readonly string[]): Promise<{ code: number; out: string; errors: string }> =>
    new Promise((resolve) => {
      execFile(
        process.execPath,
        [main, ...args],
        { env: { PATH: process.env['PATH'], SALLYPORT_CONNECTION: connection } },
        (error, out, errors) => resolve({ code: error === null ? 0 : 1, out, errors }),
      );
    });
  return {
    run: async (...args) => {
      const { code, out, errors } = await start(args);
      if (code !== 0) throw new Error(`sallyport ${args.join(' ')} failed:\n${errors}\n${out}`);
      return out;
    },
    refused: async (...args) => {
      const { code, out, errors } = await start(args);
      if (code === 0) throw new Error(`sallyport ${args.join(' ')} was expected to be refused:\n${out}`);
      return errors;
    },
  };
}
