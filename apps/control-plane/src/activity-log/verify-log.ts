/** Holds an activity log against its own chain and against checkpoints, offline: with files, without a control plane. */
import { DatabaseSync } from 'node:sqlite';
import { messageOf } from '@sallyport/model';
import type { CryptoKey } from 'jose';
import { chainedColumns, chainStart, nextHash } from './chain.ts';
import { readCheckpoint, type Checkpoint } from './checkpoint.ts';

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
  database: string,
  checkpoints: readonly string[],
  publicKey: CryptoKey,
): Promise<VerifiedLog> {
  const sealed = await readAll(checkpoints, publicKey);
  const db = new DatabaseSync(database, { readOnly: true });
  try {
    return { ...walk(db, sealed), checkpoints: sealed.length, sealedUpTo: sealed.at(-1)?.position ?? 0 };
  } finally {
    db.close();
  }
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

function walk(db: DatabaseSync, sealed: readonly Checkpoint[]): Pick<VerifiedLog, 'events' | 'head'> {
  const statement = db.prepare(
    `SELECT position, hash, ${chainedColumns.join(', ')} FROM activity_events ORDER BY position`,
  );
  // Twice as fast as objects (measured for this query).
  statement.setReturnArrays(true);
  let head = chainStart;
  let events = 0;
  let next = 0;
  for (const row of statement.iterate() as Iterable<unknown>) {
    const [position, hash, ...values] = row as [number, string, ...string[]];
    head = nextHash(head, values);
    events += 1;
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
  const missing = sealed[next];
  if (missing !== undefined)
    throw new LogNotIntact(
      `The log ends before position ${missing.position}, which the checkpoint of ${missing.time} names: its end was cut off.`,
    );
  return { events, head };
}
