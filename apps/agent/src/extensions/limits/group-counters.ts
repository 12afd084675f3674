/** Reads of the kernel's control groups what an extension ran into. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GroupCounter, GroupFiles } from './group-files.ts';
import type { LimitedResource } from './group-mechanism.ts';
import type { Counts } from './limits-reached.ts';

/** Where a resource is counted: the groups that may have it, and the files of their version. None for a resource that is not limited. */
export type CountedIn = (
  resource: LimitedResource,
) => { readonly groups: readonly string[]; readonly files: GroupFiles } | undefined;

export function readCounts(countedIn: CountedIn): Counts {
  const count = (resource: LimitedResource): number => {
    const counted = countedIn(resource);
    if (counted === undefined) return 0;
    const { groups, files } = counted;
    // Kernels differ in whether a group counts what happens in the groups below it.
    const most = Math.max(...groups.map((group) => readCounter(group, files.counters[resource])));
    return resource === 'cpu' ? most / files.throttledPerSecond : most;
  };
  return { throttledSeconds: count('cpu'), outOfMemory: count('memory'), refusedProcesses: count('pids') };
}

function readCounter(directory: string, { file, word }: GroupCounter): number {
  const line = textOf(join(directory, file))
    .split('\n')
    .find((candidate) => candidate.startsWith(`${word} `));
  return Number(line?.slice(word.length + 1) ?? 0);
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The group is not there, or this kernel has no such file.
    return '';
  }
}
