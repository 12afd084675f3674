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
  /** Where retention cut the log, by a signed checkpoint; undefined for a log that begins with its first event. */
  readonly cut: { readonly position: number; readonly time: string } | undefined;
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
  const cuts = [...sealed, ...(await readCuts(await log.cuts(), publicKey))].flatMap(({ cut, time }) =>
    cut === undefined ? [] : [{ ...cut, time }],
  );
  const walked = await walk(log, sealed, cuts);
  return { ...walked, checkpoints: sealed.length, sealedUpTo: sealed.at(-1)?.position ?? 0 };
}

/** A place that the log may begin after. */
interface Cut {
  readonly position: number;
  readonly hash: string;
  readonly time: string;
}

async function readCuts(lines: readonly string[], publicKey: CryptoKey): Promise<readonly Checkpoint[]> {
  const read: Checkpoint[] = [];
  for (const line of lines) {
    try {
      read.push(await readCheckpoint(line, publicKey));
    } catch (error) {
      throw new LogNotIntact(`A cut of the log cannot be trusted: ${messageOf(error)}.`, { cause: error });
    }
  }
  return read;
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
    const before = read.at(-1);
    // One that carries a cut is signed also when the log has not grown.
    const again =
      before?.position === checkpoint.position && before.hash === checkpoint.hash && checkpoint.cut !== undefined;
    if (checkpoint.position <= (before?.position ?? 0) && !again)
      throw new LogNotIntact(`Checkpoint ${index + 1} is not after the one before it.`);
    read.push(checkpoint);
  }
  return read;
}

async function walk(
  log: StoredLog,
  sealed: readonly Checkpoint[],
  cuts: readonly Cut[],
): Promise<Pick<VerifiedLog, 'events' | 'head' | 'cut'>> {
  let page = await log.after(0);
  const begin = page[0] === undefined ? undefined : beginningAt(page[0][0], cuts);
  let head = begin?.hash ?? chainStart;
  let events = 0;
  let last = begin?.position ?? 0;
  // What is gone cannot be held against the checkpoints that sealed it; the one at the cut itself can.
  let next = sealed.findIndex(({ position }) => position >= last);
  if (next === -1) next = sealed.length;
  const seal = (position: number, hash: string): void => {
    for (let checkpoint = sealed[next]; checkpoint !== undefined; checkpoint = sealed[next]) {
      if (position < checkpoint.position) return;
      if (position !== checkpoint.position || hash !== checkpoint.hash)
        throw new LogNotIntact(
          `Position ${checkpoint.position} is not what the checkpoint of ${checkpoint.time} says: the chain up to there was made anew.`,
        );
      next += 1;
    }
  };
  if (last > 0) seal(last, head);
  for (; page.length > 0; page = await log.after(last)) {
    for (const [position, hash, ...values] of page) {
      head = nextHash(head, values);
      events += 1;
      last = position;
      if (head !== hash)
        throw new LogNotIntact(
          `The chain breaks at position ${position}: this event was changed or inserted, or one before it was removed or moved.`,
        );
      seal(position, hash);
    }
  }
  const missing = sealed[next];
  if (missing !== undefined)
    throw new LogNotIntact(
      `The log ends before position ${missing.position}, which the checkpoint of ${missing.time} names: its end was cut off.`,
    );
  return { events, head, cut: begin };
}

/** What the first event that is there has to follow on: nothing, or the end of a cut that was signed (T66, T67). */
function beginningAt(position: number, cuts: readonly Cut[]): Cut | undefined {
  if (position === 1) return undefined;
  const cut = cuts.find((one) => one.position === position - 1);
  if (cut !== undefined) return cut;
  throw new LogNotIntact(
    `The log begins at position ${position}, and no signed cut ends before it: events were removed from its beginning.`,
  );
}
