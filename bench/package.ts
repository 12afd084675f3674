/** Verify and unpack against `sha256sum && unzip -q`, on 100 MB: one 64 MB binary and 2,000 small files. */
import { execFileSync } from 'node:child_process';
import { closeSync, createWriteStream, mkdirSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { ZipFile } from 'yazl';
import { hashFile, syncTree, unpackPackage } from '@sallyport/archive';
import { compare, timed } from './measure.ts';
import { milliseconds, printRows, ratio } from './report.ts';

const rounds = 7;

/** Bytes that compress to about a half, the same at every run. */
function bytes(length: number, seed: number): Buffer {
  const content = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i += 4) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    content.writeUInt16LE(state & 0xffff, i);
  }
  return content;
}

async function writePackage(file: string): Promise<void> {
  const zip = new ZipFile();
  zip.addBuffer(bytes(64 * 1024 * 1024, 7), 'bin/program', { mode: 0o755 });
  for (let i = 0; i < 2_000; i += 1) zip.addBuffer(bytes(18 * 1024, i + 11), `share/part-${i % 40}/file-${i}.txt`);
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(file));
}

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'));
  try {
    const file = join(folder, 'package.zip');
    await writePackage(file);
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
      try {
        return await timed(async () => {
          hashFile(descriptor);
          await unpackPackage(descriptor, directory);
          if (sync) await syncTree(directory);
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
    const unsynced = await compare(rounds, ours(false), peer);
    const synced = await compare(rounds, ours(true), ours(false));
    printRows('Verify and unpack a package of 100 MB (one thread, warm process)', [
      {
        what: 'verify, then unpack',
        figure: milliseconds(unsynced.ours),
        against: `sha256sum && unzip -q: ${milliseconds(unsynced.peer)}`,
        ratio: ratio(unsynced.ratio),
      },
      {
        what: 'the same, synced to disk',
        figure: milliseconds(synced.ours),
        against: `unsynced: ${milliseconds(synced.peer)}`,
        ratio: ratio(synced.ratio),
      },
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
