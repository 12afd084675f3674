/** Holds an activity log against its own chain and against checkpoints, offline: with files, without a control plane. */
import { messageOf } from '@sallyport/model';
import type { CryptoKey } from 'jose';
import { chainStart, nextHash } from './chain.ts';
import { readCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { StoredLog } from './stored-log.ts';

export interface VerifiedLog {
  readonly events: number;
  readonly head: string;
  readonly checkpoints: number;
  /** Position of the newest checkpoint, 0 when there was none. Events after it rest on the chain alone. */
  readonly sealedUpTo: number;
}

/** The log is not what was written. The message says where that shows. */
export class LogNotIntact extends Error {
  override readonly name = 'LogNotIntact';
}

/**
 * Reads every event in order. `checkpoints` are the lines of a checkpoint file; the last may be cut off, as a killed program
 * leaves it. Throws {@link LogNotIntact} at the first thing that does not agree.
 */
export async function verifyLog(
  log: StoredLog,
  checkpoints: readonly string[],
  publicKey: CryptoKey,
): Promise<VerifiedLog> {
  const sealed = await readAll(checkpoints, publicKey);
  return { ...(await walk(log, sealed)), checkpoints: sealed.length, sealedUpTo: sealed.at(-1)?.position ?? 0 };
}

async function readAll(lines: readonly string[], publicKey: CryptoKey): Promise<readonly Checkpoint[]> {
  const read: Checkpoint[] = [];
  for (const [index, line] of lines.entries()) {
    let checkpoint: Checkpoint;
    try {
      checkpoint = await readCheckpoint(line, publicKey);
    } catch (error) {
      throw new LogNotIntact(`Checkpoint ${index + 1} cannot be trusted: ${messageOf(error)}.`, { cause: error });
    }
    if (checkpoint.position <= (read.at(-1)?.position ?? 0))
      throw new LogNotIntact(`Checkpoint ${index + 1} is not after the one before it.`);
    read.push(checkpoint);
  }
  return read;
}

async function walk(log: StoredLog, sealed: readonly Checkpoint[]): Promise<Pick<VerifiedLog, 'events' | 'head'>> {
  let head = chainStart;
  let events = 0;
  let next = 0;
  let last = 0;
  for (;;) {
    const page = await log.after(last);
    if (page.length === 0) break;
    for (const [position, hash, ...values] of page) {
      head = nextHash(head, values);
      events += 1;
      last = position;
      if (head !== hash)
        throw new LogNotIntact(
          `The chain breaks at position ${position}: this event was changed or inserted, or one before it was removed or moved.`,
        );
      const checkpoint = sealed[next];
      if (checkpoint === undefined || position < checkpoint.position) continue;
      if (position !== checkpoint.position || hash !== checkpoint.hash)
        throw new LogNotIntact(
          `Position ${checkpoint.position} is not what the checkpoint of ${checkpoint.time} says: the chain up to there was made anew.`,
        );
      next += 1;
    }
  }
  const missing = sealed[next];
  if (missing !== undefined)
    throw new LogNotIntact(
      `The log ends before position ${missing.position}, which the checkpoint of ${missing.time} names: its end was cut off.`,
    );
  return { events, head };
}
