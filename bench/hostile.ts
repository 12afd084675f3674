/** Every archive of the hostile corpus, opened by the agent's own unpacking process: how long and how much memory a refusal takes. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostileCorpus } from '@sallyport/testkit';
import { spreadOf } from './measure.ts';
import { milliseconds, printRows } from './report.ts';
import { openUnpacker, sha256Of } from './unpacker.ts';

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const unpack = await openUnpacker(folder);
    const corpus = hostileCorpus();
    const times: number[] = [];
    let most = { megabytes: 0, name: '' };
    let slowest = { milliseconds: 0, name: '' };
    const accepted: string[] = [];
    for (const [i, specimen] of corpus.entries()) {
      const file = join(folder, 'package.zip');
      writeFileSync(file, specimen.bytes);
      const run_ = unpack(file, join(folder, `tree-${i}`), sha256Of(file), specimen.bytes.length);
      if (run_.answer.ok || !(run_.answer.message ?? '').includes(`(${specimen.code})`)) accepted.push(specimen.name);
      times.push(run_.milliseconds);
      if (run_.milliseconds > slowest.milliseconds) slowest = { milliseconds: run_.milliseconds, name: specimen.name };
      if (run_.peakMegabytes > most.megabytes) most = { megabytes: run_.peakMegabytes, name: specimen.name };
    }
    const beside = readdirSync(folder).filter((name) => !/^(?:tree-\d+|dist|package\.zip)$/.test(name));
    printRows(`Hostile archives: ${corpus.length}, each in a process of its own`, [
      {
        what: 'refused, each with its own code',
        figure: `${corpus.length - accepted.length} of ${corpus.length}`,
        against: accepted.join(', '),
      },
      { what: 'files outside the staging folders', figure: `${beside.length}` },
      {
        what: 'time, the start of the process included',
        figure: milliseconds(spreadOf(times)),
        against: 'aim: none over 1 s',
      },
      { what: 'slowest', figure: `${slowest.milliseconds.toFixed(0)} ms`, against: slowest.name },
      {
        what: 'most memory',
        figure: `${most.megabytes.toFixed(1)} MB`,
        against: `${most.name} (aim: none over 64 MB)`,
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
