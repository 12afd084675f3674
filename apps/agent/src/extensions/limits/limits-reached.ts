/** What people are told when an extension ran into its limits (T45). Pure. */
import type { ExtensionLimits } from './extension-limits.ts';

export interface Counts {
  readonly throttledSeconds: number;
  readonly outOfMemory: number;
  readonly refusedProcesses: number;
}

/** Held back for less than this and nobody needs to know. Seconds. */
const worthTelling = 1;

/** Sentences for what has happened between two counts; none when nothing has. */
export function limitsReached(limits: ExtensionLimits, before: Counts, after: Counts): readonly string[] {
  const sentences: string[] = [];
  const killed = after.outOfMemory - before.outOfMemory;
  if (killed > 0) {
    const mebibytes = Math.floor(limits.memoryBytes / 1024 / 1024);
    sentences.push(`Memory: ${killed} of its processes ended at its limit of ${mebibytes} MiB.`);
  }
  if (after.refusedProcesses > before.refusedProcesses) {
    sentences.push(`Processes: it wanted more than its limit of ${limits.processes} processes and threads.`);
  }
  const waited = Math.round(after.throttledSeconds - before.throttledSeconds);
  if (waited >= worthTelling) {
    sentences.push(`Processor: it waited ${waited} s at its limit of ${limits.cpuPercent} % of one processor.`);
  }
  return sentences;
}
