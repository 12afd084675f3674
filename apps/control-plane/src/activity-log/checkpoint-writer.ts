/** Writes a checkpoint whenever the log has grown, to a file that is only ever added to. */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from '@sallyport/durable-files';
import type { Environment } from '../environment.ts';
import type { SigningKey } from '../identity/signing-key.ts';
import type { Store } from '../store/store.ts';
import { readCheckpoint, signCheckpoint } from './checkpoint.ts';
import { headOfLog, type LogHead } from './head-of-log.ts';

export interface CheckpointWriter {
  /** Adds a line if the log has grown since the last one. Throws what the file system says. */
  write(): Promise<void>;
  /** Adds a line that lets everything up to a place be removed, and returns it. The line is on disk before anything may be. */
  writeCut(cut: LogHead): Promise<string>;
}

/** The writer of a file. Throws when the log is shorter than the last checkpoint says it was: somebody has cut it off. */
export async function openCheckpoints(
  environment: Environment,
  store: Store,
  key: SigningKey,
  path: string,
): Promise<CheckpointWriter> {
  let position = await lastPosition(path, key);
  const head = await headOfLog(store.read);
  if (head.position < position) {
    throw new Error(
      `The activity log ends at position ${head.position}, and its last checkpoint in '${path}' says that it reached ${position}. Events are missing: restore a backup, or move the file away if you know why they are.`,
    );
  }
  const sign = async (now: LogHead, cut?: LogHead): Promise<string> => {
    const time = new Date(environment.now()).toISOString();
    const line = await signCheckpoint(key, { ...now, time, ...(cut === undefined ? {} : { cut }) });
    append(path, `${line}\n`);
    position = now.position;
    return line;
  };
  return {
    write: async () => {
      const now = await headOfLog(store.read);
      if (now.position !== position) await sign(now);
    },
    writeCut: async (cut) => sign(await headOfLog(store.read), cut),
  };
}

async function lastPosition(path: string, key: SigningKey): Promise<number> {
  if (!existsSync(path)) return 0;
  // A line without an end was being written when the program was killed: it was never a checkpoint.
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const last = lines.at(-1);
  return last === undefined ? 0 : (await readCheckpoint(last, key.publicKey)).position;
}

function append(path: string, line: string): void {
  const fresh = !existsSync(path);
  const started = fresh || /(?:^|\n)$/.test(readFileSync(path, 'utf8'));
  const file = openSync(path, 'a', 0o600);
  try {
    writeSync(file, started ? line : `\n${line}`);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  if (fresh) syncDirectory(dirname(path));
}
