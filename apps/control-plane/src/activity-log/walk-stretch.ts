/** Walks a stretch of a stored log that others are walked beside, or after. */
import { ChainWalk, type Walked } from './chain-walk.ts';
import type { Checkpoint } from './checkpoint.ts';
import type { LogHead } from './head-of-log.ts';
import { openStoredLog, type LogAddress, type Stretch } from './stored-log.ts';

/** What is to be walked: enough for another thread to do it. */
export interface StretchTask {
  readonly log: LogAddress;
  readonly stretch: Stretch;
  /** The stored event that it follows on. That it is right is for the stretch before to say. */
  readonly begin: LogHead;
  /** The checkpoints after `begin`. */
  readonly sealed: readonly Checkpoint[];
}

/** Opens the log and walks. Throws `LogNotIntact` at the first event that is not right. */
export async function walkStretch({ log: address, stretch, begin, sealed }: StretchTask): Promise<Walked> {
  const log = await openStoredLog(address);
  const walk = new ChainWalk(begin, sealed);
  try {
    for await (const events of log.pages(stretch)) walk.over(events);
    if (stretch.upTo === undefined) walk.endsHere();
    return walk.walked();
  } finally {
    await log.close();
  }
}
