/** What a process costs, from `/proc`. */
import { readFileSync } from 'node:fs';

/** The kernel's clock ticks in a second, as `/proc` counts them on every Linux. */
const ticksPerSecond = 100;

export interface Footprint {
  readonly rss: number;
  readonly pss: number;
  readonly privateBytes: number;
}

/** Memory of a process in megabytes. */
export function footprintOf(pid: number): Footprint {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const kilobytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 'NaN');
  return {
    rss: kilobytes('Rss') / 1024,
    pss: kilobytes('Pss') / 1024,
    privateBytes: (kilobytes('Private_Clean') + kilobytes('Private_Dirty')) / 1024,
  };
}

/** Seconds of processor that a process has used. */
export function processorSeconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Seconds of processor that processes have used which this one started and which have ended. */
export function processorSecondsOfChildren(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[13]) + Number(fields[14])) / ticksPerSecond;
}
