/** The newest checkpoint of the activity log, as machines are shown it to keep (T15, T67). */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { isMissing } from '@sallyport/durable-files';
import { parseJson } from '@sallyport/model';
import { checkpointKeySchema, type CheckpointKey } from '@sallyport/model/wire';

/** More than two lines: one may be cut off. Bytes. */
const endBytes = 16_384;

export interface ShownCheckpoint {
  readonly checkpoint: string;
  readonly checkpointKey: CheckpointKey;
}

/** What is last in a checkpoint file, and the key that verifies it; undefined before the first. Throws what the file system says. */
export function newestCheckpoint(checkpoints: string, publicKey: string): ShownCheckpoint | undefined {
  const checkpoint = lastLine(checkpoints);
  if (checkpoint === undefined) return undefined;
  return { checkpoint, checkpointKey: parseJson(checkpointKeySchema, readFileSync(publicKey, 'utf8'), publicKey) };
}

/** The last whole line: one without an end was being written when a program was killed. */
function lastLine(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  try {
    const { size } = fstatSync(file);
    const end = Buffer.alloc(Math.min(size, endBytes));
    readSync(file, end, 0, end.length, size - end.length);
    return end.toString('utf8').split('\n').slice(0, -1).at(-1);
  } finally {
    closeSync(file);
  }
}
