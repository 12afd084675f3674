/** How an unpacked tree is made durable: file by file, or with everything that its file system has waiting. Pure. */
import type { TreeFacts } from './tree-facts.ts';

/** `each`: one fsync a file and directory. `whole`: one call for the file system, which costs a tenth of that for many files. */
export type SyncMethod = 'each' | 'whole';

/** ext2 to ext4, xfs, btrfs: those whose `syncfs` waits for all of it. Some of the others answer it and do nothing. */
const trustedFileSystems: ReadonlySet<number> = new Set([0xef53, 0x58465342, 0x9123683e]);

/** Since Linux 5.8 `syncfs` tells of a write that failed; before it, only fsync does. */
const firstThatTells = [5, 8] as const;

/** For fewer, starting a program costs more than it saves. */
const fewestPaths = 64;

/** `syncfs` waits for what others have written too: with more than that waiting on this machine, a tree is synced by itself. */
const mostWaitingBytes = 512 * 1024 * 1024;

/** Whatever is not known counts against `whole`. */
export function syncMethod(facts: TreeFacts): SyncMethod {
  const [major = 0, minor = 0] = facts.kernel.split('.').map(Number);
  const tells = major > firstThatTells[0] || (major === firstThatTells[0] && minor >= firstThatTells[1]);
  const whole =
    facts.paths >= fewestPaths &&
    trustedFileSystems.has(facts.fileSystemType) &&
    tells &&
    facts.waitingBytes !== undefined &&
    facts.waitingBytes <= mostWaitingBytes;
  return whole ? 'whole' : 'each';
}
