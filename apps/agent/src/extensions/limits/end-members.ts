/** Ends processes until none is left, however fast they make new ones (T44). */
import { setTimeout as pause } from 'node:timers/promises';
import type { Leftover } from './extension-groups.ts';
import { killProcess, processName } from './processes.ts';

/** What does not end within this many looks hangs in the kernel and ends when it comes out of there. */
const mostLooks = 500;
const betweenLooks = 10;

/** `members` is asked again and again. Says whom it ended. */
export async function endMembers(members: () => readonly number[]): Promise<readonly Leftover[]> {
  const ended = new Map<number, Leftover>();
  for (let look = 0; look < mostLooks; look += 1) {
    const there = members();
    if (there.length === 0) break;
    for (const pid of there) {
      if (!ended.has(pid)) ended.set(pid, { pid, name: processName(pid) });
      killProcess(pid);
    }
    await pause(betweenLooks);
  }
  return [...ended.values()];
}
