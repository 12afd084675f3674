/** Verify and unpack against `sha256sum && unzip -q`, on 100 MB: one 64 MB binary and 2,000 small files. And the memory that takes, on 2 GB too. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashFile, unpackPackage } from '@sallyport/archive';
import { syncAhead } from '@sallyport/archive/sync-ahead';
import { syncTree } from '@sallyport/archive/sync-tree';
import { writeBenchPackage, writeHugePackage } from './bench-package.ts';
import { compare, spreadOf, timed } from './measure.ts';
import { processorSeconds, processorSecondsOfChildren } from './process-facts.ts';
import { milliseconds, printRows, ratio } from './report.ts';
import { openUnpacker, sha256Of } from './unpacker.ts';

const rounds = 7;

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    await compareWithUnzip(folder);
    await lookAtMemory(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compareWithUnzip(folder: string): Promise<void> {
  const file = join(folder, 'package.zip');
  await writeBenchPackage(file);
  // Trees are deleted at the end only: creating files right after deleting thousands is slow and would be measured too.
  let turn = 0;
  const fresh = (): string => {
    const directory = join(folder, `tree-${(turn += 1)}`);
    mkdirSync(directory, { mode: 0o700 });
    return directory;
  };
  const ours = (sync: boolean) => async (): Promise<number> => {
    const directory = fresh();
    const descriptor = openSync(file, 'r');
    // One call syncs the whole file system: what the rounds before have left unsynced is not this one's.
    execFileSync('sync', ['--file-system', directory]);
    try {
      return await timed(async () => {
        hashFile(descriptor);
        const ahead = sync ? syncAhead(directory) : undefined;
        await unpackPackage(descriptor, directory);
        if (ahead !== undefined) await syncTree(directory, await ahead.stop());
      });
    } finally {
      closeSync(descriptor);
    }
  };
  const peer = async (): Promise<number> => {
    const directory = fresh();
    return timed(() =>
      execFileSync('/bin/sh', ['-c', 'sha256sum "$1" >/dev/null && unzip -q "$1" -d "$2"', 'sh', file, directory]),
    );
  };
  const costOfOurs: number[] = [];
  const costOfPeer: number[] = [];
  const unsynced = await compare(
    rounds,
    costing(() => processorSeconds(process.pid), costOfOurs, ours(false)),
    costing(processorSecondsOfChildren, costOfPeer, peer),
  );
  const synced = await compare(rounds, ours(true), ours(false));
  const cost = costOfOurs.map((value, i) => value / (costOfPeer[i] ?? Number.NaN)).slice(1);
  printRows('Verify and unpack a package of 100 MB (warm process)', [
    {
      what: 'verify, then unpack',
      figure: milliseconds(unsynced.ours),
      against: `sha256sum && unzip -q: ${milliseconds(unsynced.peer)}`,
      ratio: ratio(unsynced.ratio),
    },
    {
      what: 'its processor time',
      figure: milliseconds(spreadOf(costOfOurs.slice(1))),
      against: `sha256sum && unzip -q: ${milliseconds(spreadOf(costOfPeer.slice(1)))}`,
      ratio: ratio(spreadOf(cost)),
    },
    {
      what: 'the same, synced to disk',
      figure: milliseconds(synced.ours),
      against: `unsynced: ${milliseconds(synced.peer)}`,
      ratio: ratio(synced.ratio),
    },
  ]);
}

/** Runs `work` and notes what it costs by that clock of seconds, in milliseconds. */
function costing(clock: () => number, costs: number[], work: () => Promise<number>): () => Promise<number> {
  return async () => {
    const before = clock();
    const result = await work();
    costs.push((clock() - before) * 1000);
    return result;
  };
}

/** The agent's own process on both sizes of package. */
async function lookAtMemory(folder: string): Promise<void> {
  const unpack = await openUnpacker(folder);
  const huge = join(folder, 'huge.zip');
  await writeHugePackage(huge);
  const row = (what: string, file: string) => {
    const { size } = statSync(file);
    const run = unpack(file, join(folder, `memory-${what}`), sha256Of(file), size);
    if (!run.answer.ok) throw new Error(`the package was refused: ${run.answer.message}`);
    return {
      what: `${what}, of ${(size / 1024 / 1024).toFixed(0)} MiB`,
      figure: `${run.peakMegabytes.toFixed(1)} MB`,
      against: 'aim: at most 120 MB',
    };
  };
  printRows('Most memory of the process that verifies and unpacks', [
    row('the package of 100 MB', join(folder, 'package.zip')),
    row('a package of 2 GB', huge),
  ]);
}
