/** Holds an activity log against its own chain and against checkpoints, offline: with files, without a control plane. */
import { messageOf } from '@sallyport/model';
import type { CryptoKey } from 'jose';
import { chainStart } from './chain.ts';
import { breakAt, ChainWalk, LogNotIntact, type Walked } from './chain-walk.ts';
import { readCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { StoredLog, Stretch } from './stored-log.ts';
import type { Walkers } from './walking-threads.ts';

export interface VerifiedLog {
  readonly events: number;
  readonly head: string;
  readonly checkpoints: number;
  /** Position of the newest checkpoint, 0 when there was none. Events after it rest on the chain alone. */
  readonly sealedUpTo: number;
  /** Where retention cut the log, by a signed checkpoint; undefined for a log that begins with its first event. */
  readonly cut: { readonly position: number; readonly time: string } | undefined;
}

/**
 * Reads every event in order. `checkpoints` are the lines of a checkpoint file; the last may be cut off, as a killed program
 * leaves it. Throws {@link LogNotIntact} at the first thing that does not agree. A long log is read from several places at once, which
 * changes nothing of what is said.
 */
export async function verifyLog(
  log: StoredLog,
  checkpoints: readonly string[],
  publicKey: CryptoKey,
  walkers: Walkers,
): Promise<VerifiedLog> {
  const sealed = await readAll(checkpoints, publicKey);
  const cuts = [...sealed, ...(await readCuts(await log.cuts(), publicKey))].flatMap(({ cut, time }) =>
    cut === undefined ? [] : [{ ...cut, time }],
  );
  const walked = await walk(log, sealed, cuts, walkers);
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
  walkers: Walkers,
): Promise<Pick<VerifiedLog, 'events' | 'head' | 'cut'>> {
  const stretches = walkers.stretches(await log.size());
  const joints = stretches === 1 ? [] : await log.joints(stretches);
  const others = joints.map(({ at, head }, index) => ({
    head,
    walking: walkers.walk({
      log: log.address,
      stretch: { after: at, upTo: joints[index + 1]?.at },
      begin: head,
      sealed: sealed.filter(({ position }) => position > head.position),
    }),
  }));
  try {
    const first = await walkFirst(log, { after: 0, upTo: joints[0]?.at }, sealed, cuts);
    let { events, end } = first.walked;
    // In their order, so that what is said is the first thing that is not right, whoever was first to find something.
    for (const { head, walking } of others) {
      if (end.position !== head.position || end.hash !== head.hash) throw breakAt(head.position);
      const walked = await walking.walked;
      events += walked.events;
      ({ end } = walked);
    }
    return { events, head: end.hash, cut: first.cut };
  } finally {
    await Promise.all(others.map(({ walking }) => walking.stop()));
  }
}

/** The first stretch begins with nothing before it, or where a cut ends. */
async function walkFirst(
  log: StoredLog,
  stretch: Stretch,
  sealed: readonly Checkpoint[],
  cuts: readonly Cut[],
): Promise<{ readonly walked: Walked; readonly cut: Cut | undefined }> {
  let cut: Cut | undefined;
  let walk = new ChainWalk({ position: 0, hash: chainStart }, sealed);
  let begun = false;
  for await (const events of log.pages(stretch)) {
    if (!begun) {
      begun = true;
      cut = beginningAt(events[0]?.[0] ?? 1, cuts);
      if (cut !== undefined) walk = walkAfter(cut, sealed);
    }
    walk.over(events);
  }
  if (stretch.upTo === undefined) walk.endsHere();
  return { walked: walk.walked(), cut };
}

function walkAfter(cut: Cut, sealed: readonly Checkpoint[]): ChainWalk {
  // What is gone cannot be held against the checkpoints that sealed it; the one at the cut itself can.
  const walk = new ChainWalk(
    cut,
    sealed.filter(({ position }) => position >= cut.position),
  );
  walk.holdAgainstSeals();
  return walk;
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
