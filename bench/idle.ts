/** What the agent costs while there is nothing to do, beside a Node that does nothing at all. `--idle-seconds N` says how long. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { startBenchMachine } from './bench-machine.ts';
import { noopPackage } from './noop-handler.ts';
import { footprintOf, processorSeconds, type Footprint } from './process-facts.ts';
import { printRows } from './report.ts';

const settleMilliseconds = 8000;

export async function run(options: { readonly idleSeconds: number }): Promise<void> {
  const machine = await startBenchMachine(['Nothing'], noopPackage);
  const bare = spawn(process.execPath, ['-e', 'setInterval(()=>{},1e9)'], { stdio: 'ignore' });
  try {
    await sleep(settleMilliseconds);
    const fresh = footprintOf(machine.pid);
    const nothing = footprintOf(bare.pid ?? 0);
    const used = processorSeconds(machine.pid);
    await sleep(options.idleSeconds * 1000);
    const share = (100 * (processorSeconds(machine.pid) - used)) / options.idleSeconds;
    const rested = footprintOf(machine.pid);
    await machine.change('PUT', 'Nothing');
    await machine.change('DELETE', 'Nothing');
    await sleep(settleMilliseconds);
    const worked = footprintOf(machine.pid);
    const row = (what: string, ours: Footprint) => ({
      what,
      figure: `RSS ${ours.rss.toFixed(1)} · PSS ${ours.pss.toFixed(1)} · private ${ours.privateBytes.toFixed(1)} MB`,
      against: `bare node: ${nothing.rss.toFixed(1)} · ${nothing.pss.toFixed(1)} · ${nothing.privateBytes.toFixed(1)} MB`,
      ratio: `RSS ${(ours.rss / nothing.rss).toFixed(2)} · PSS ${(ours.pss / nothing.pss).toFixed(2)}`,
    });
    printRows('The agent while there is nothing to do (aim: at most 1.35)', [
      row('connected, after start', fresh),
      row(`after ${options.idleSeconds} s of nothing`, rested),
      row('after an extension came and went', worked),
      {
        what: 'processor while idle',
        figure: `${share.toFixed(3)} % of a core over ${options.idleSeconds} s`,
        against: 'aim: at most 0.02 %',
      },
    ]);
  } finally {
    bare.kill('SIGKILL');
    await machine.stop();
  }
}
