/** From ARM PUT to `Succeeded`, for handlers that do nothing, over the handlers' own time: their commands run by hand. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startBenchMachine } from './bench-machine.ts';
import { spreadOf, timed } from './measure.ts';
import { noopCommands, noopPackage } from './noop-handler.ts';
import { milliseconds, printRows } from './report.ts';

const rounds = 15;
const roundsOfTen = 5;
const types = Array.from({ length: 10 }, (_, i) => `Nothing${i}`);
const [one = ''] = types;

/** Milliseconds of install and enable, run the way a host runs them. */
async function byHand(folder: string): Promise<number> {
  const run = (file: string): unknown => execFileSync('/bin/sh', ['-c', join(folder, file)], { cwd: folder });
  return timed(() => {
    run('install.sh');
    run('enable.sh');
  });
}

export async function run(): Promise<void> {
  const hand = mkdtempSync(join(tmpdir(), 'sallyport-bench-hand-'));
  mkdirSync(hand, { recursive: true });
  for (const [file, text] of Object.entries(noopCommands)) writeFileSync(join(hand, file), text, { mode: 0o755 });
  const machine = await startBenchMachine(types, noopPackage);
  try {
    const whole: number[] = [];
    const floor: number[] = [];
    for (let round = 0; round <= rounds; round += 1) {
      const put = await timed(() => machine.change('PUT', one));
      const own = await byHand(hand);
      await machine.change('DELETE', one);
      if (round === 0) continue;
      whole.push(put);
      floor.push(own);
    }
    const ten: number[] = [];
    for (let round = 0; round <= roundsOfTen; round += 1) {
      const all = await timed(() => Promise.all(types.map((type) => machine.change('PUT', type))));
      await Promise.all(types.map((type) => machine.change('DELETE', type)));
      if (round > 0) ten.push(all);
    }
    const above = spreadOf(whole.map((value, i) => value - (floor[i] ?? 0)));
    printRows('From ARM PUT to Succeeded (no-op handlers, installed and deleted in turns)', [
      {
        what: 'one extension',
        figure: milliseconds(spreadOf(whole)),
        against: `its two commands by hand: ${milliseconds(spreadOf(floor))}`,
      },
      { what: "over the handler's own time", figure: milliseconds(above), against: 'aim: at most 150 ms' },
      { what: 'ten extensions at once', figure: milliseconds(spreadOf(ten)), against: 'aim: at most 1 s' },
    ]);
  } finally {
    await machine.stop();
    rmSync(hand, { recursive: true, force: true });
  }
}
