/** Bringing a tree to the disk while it is still being unpacked: writing waits for the disk, and inflating for the processor. */
import { setTimeout } from 'node:timers/promises';
import { syncFileSystem } from './sync-file-system.ts';
import { syncMethod, type SyncMethod } from './sync-method.ts';
import { treeFacts, type TreeFacts } from './tree-facts.ts';

export type { SyncMethod };

export interface SyncAhead {
  /**
   * Resolves when nothing of it runs any more, with how the tree is to be synced then, where that is known. A write that failed is told
   * to the first who asks for the whole file system and to nobody after: then each file has to be asked.
   */
  stop(): Promise<SyncMethod | undefined>;
}

interface Means {
  readonly facts: (directory: string) => TreeFacts;
  readonly sync: (directory: string) => Promise<boolean>;
}

/** Begins so long after the last: what was written in between is worth a call. Milliseconds. */
const pauseMilliseconds = 150;
/** As many as make one call for all worth it; how many there will be is not known yet. */
const supposedPaths = 1000;

const ofThisMachine: Means = { facts: (directory) => treeFacts(directory, supposedPaths), sync: syncFileSystem };

/**
 * Has what is written below `directory` brought to the disk while more is being written there, so that `syncTree` finds little left to
 * do. Where that cannot be done with one call, it does nothing.
 */
export function syncAhead(directory: string, means: Means = ofThisMachine): SyncAhead {
  const stopped = new AbortController();
  const done = again(directory, means, stopped.signal);
  return {
    stop() {
      stopped.abort();
      return done;
    },
  };
}

async function again(directory: string, { facts, sync }: Means, stopped: AbortSignal): Promise<'each' | undefined> {
  for (;;) {
    await setTimeout(pauseMilliseconds, undefined, { signal: stopped, ref: false }).catch(() => undefined);
    if (stopped.aborted || !isWorthIt(() => facts(directory))) return undefined;
    if (!(await sync(directory))) return 'each';
  }
}

/** Whoever unpacks there is told if the directory has gone. */
function isWorthIt(facts: () => TreeFacts): boolean {
  try {
    return syncMethod(facts()) === 'whole';
  } catch {
    return false;
  }
}
