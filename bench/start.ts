/** `azcmagent config list`, as shipped (one bundled file), against a bare `node -e 0`. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildAgent } from '../tooling/build.ts';
import { compare, timed } from './measure.ts';
import { milliseconds, printRows, ratio } from './report.ts';

const rounds = 21;

export async function run(): Promise<void> {
  const bundle = await buildAgent();
  const root = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const start = (args: readonly string[]) => (): Promise<number> =>
      timed(() => {
        const { status, stderr } = spawnSync(process.execPath, args, {
          env: { AZCMAGENT_ROOT: root },
          encoding: 'utf8',
        });
        if (status !== 0) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
      });
    const list = await compare(rounds, start([bundle, 'config', 'list']), start(['-e', '0']));
    printRows('Starting azcmagent', [
      {
        what: 'azcmagent config list',
        figure: milliseconds(list.ours),
        against: `node -e 0: ${milliseconds(list.peer)}`,
        ratio: ratio(list.ratio),
      },
    ]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}
