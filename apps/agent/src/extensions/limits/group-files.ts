/** The files of control groups: what is written for a limit, and what is read of having reached it. One table for each version. */
import type { ExtensionLimits } from './extension-limits.ts';
import type { LimitedResource } from './group-mechanism.ts';

export interface GroupSetting {
  readonly file: string;
  readonly value: string;
  /** Not in every kernel, or in the way of the next one only sometimes: tried, and its failure is none. */
  readonly optional?: true;
}

/** A line `<word> <number>` of a file. */
export interface GroupCounter {
  readonly file: string;
  readonly word: string;
}

export interface GroupFiles {
  settings(limits: ExtensionLimits): Readonly<Record<LimitedResource, readonly GroupSetting[]>>;
  readonly counters: Readonly<Record<LimitedResource, GroupCounter>>;
  /** Lets what is to be ended run, since a process ends only when it is its turn. */
  readonly unthrottled: GroupSetting;
  /** No new processes. Only where groups below have it; see `killFile` else. */
  readonly frozenProcesses: GroupSetting | undefined;
  readonly killFile: string | undefined;
  /** Of the processor counter. */
  readonly throttledPerSecond: number;
}

/** A long period: a short command runs at full speed within it, and only what goes on is held back. Microseconds. */
const period = 1_000_000;

function quotaOf(limits: ExtensionLimits): number {
  return (period / 100) * limits.cpuPercent;
}

export const groupFilesV1: GroupFiles = {
  settings: (limits) => ({
    cpu: [
      { file: 'cpu.cfs_burst_us', value: '0', optional: true },
      { file: 'cpu.cfs_period_us', value: String(period) },
      { file: 'cpu.cfs_quota_us', value: String(quotaOf(limits)) },
      { file: 'cpu.cfs_burst_us', value: String(quotaOf(limits)), optional: true },
    ],
    memory: [
      { file: 'memory.use_hierarchy', value: '1', optional: true },
      { file: 'memory.memsw.limit_in_bytes', value: '-1', optional: true },
      { file: 'memory.limit_in_bytes', value: String(limits.memoryBytes) },
      { file: 'memory.memsw.limit_in_bytes', value: String(limits.memoryBytes), optional: true },
      // What is secret in there does not reach the disk (T52).
      { file: 'memory.swappiness', value: '0', optional: true },
    ],
    pids: [{ file: 'pids.max', value: String(limits.processes) }],
  }),
  counters: {
    cpu: { file: 'cpu.stat', word: 'throttled_time' },
    memory: { file: 'memory.oom_control', word: 'oom_kill' },
    pids: { file: 'pids.events', word: 'max' },
  },
  unthrottled: { file: 'cpu.cfs_quota_us', value: '-1' },
  frozenProcesses: { file: 'pids.max', value: '0' },
  killFile: undefined,
  throttledPerSecond: 1e9,
};

export const groupFilesV2: GroupFiles = {
  settings: (limits) => ({
    cpu: [
      { file: 'cpu.max.burst', value: '0', optional: true },
      { file: 'cpu.max', value: `${quotaOf(limits)} ${period}` },
      { file: 'cpu.max.burst', value: String(quotaOf(limits)), optional: true },
    ],
    memory: [
      { file: 'memory.max', value: String(limits.memoryBytes) },
      { file: 'memory.swap.max', value: '0', optional: true },
    ],
    pids: [{ file: 'pids.max', value: String(limits.processes) }],
  }),
  counters: {
    cpu: { file: 'cpu.stat', word: 'throttled_usec' },
    memory: { file: 'memory.events', word: 'oom_kill' },
    pids: { file: 'pids.events', word: 'max' },
  },
  unthrottled: { file: 'cpu.max', value: `max ${period}` },
  frozenProcesses: undefined,
  killFile: 'cgroup.kill',
  throttledPerSecond: 1e6,
};
