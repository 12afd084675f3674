/** What decides how a tree is synced. */
import { readFileSync, statfsSync } from 'node:fs';
import { release } from 'node:os';

export interface TreeFacts {
  /** Files and directories of the tree. */
  readonly paths: number;
  /** The kernel's number for the kind of file system it lies on. */
  readonly fileSystemType: number;
  /** Such as `6.1.0-18-amd64`. */
  readonly kernel: string;
  /** What the whole machine has yet to write, in bytes; undefined where that cannot be read. */
  readonly waitingBytes: number | undefined;
}

/** Looks at the tree in `directory`, which has so many files and directories. */
export function treeFacts(directory: string, paths: number): TreeFacts {
  return { paths, fileSystemType: statfsSync(directory).type, kernel: release(), waitingBytes: waitingBytes() };
}

function waitingBytes(): number | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/meminfo', 'latin1');
  } catch {
    return undefined;
  }
  const kibibytes = (name: string): number => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]);
  const waiting = (kibibytes('Dirty') + kibibytes('Writeback')) * 1024;
  return Number.isNaN(waiting) ? undefined : waiting;
}
