/** How much of the machine an extension may use: the administrator's properties, the documented exceptions, the publisher's own word. Pure. */
import type { ResourceLimits } from '@sallyport/handler-contract';
import type { LocalControls } from '@sallyport/local-controls';
import { extensionKey, type ExtensionName } from '@sallyport/model';

export interface ExtensionLimits {
  /** Per cent of one processor. */
  readonly cpuPercent: number;
  readonly memoryBytes: number;
  /** Processes and threads. */
  readonly processes: number;
  /** The largest file, and the extension's own folders together. */
  readonly diskBytes: number;
}

export type LimitControls = Pick<
  LocalControls,
  | 'extensions.agent.cpulimit'
  | 'extensions.agent.memorylimit'
  | 'extensions.agent.processlimit'
  | 'extensions.agent.disklimit'
>;

/** On Linux, while the administrator has set no rate (arc-agent §0.7, §5.9). */
const usualCpuPercent = 30;

/** Those the documentation lets have more, while nothing is set. By type: their publishers have changed over the years. */
const cpuExceptions: Readonly<Record<string, number>> = {
  azuremonitorlinuxagent: 60,
  linuxosupdateextension: 60,
  'mde.linux': 60,
  omsagentforlinux: 60,
};

const mebibyte = 1024 * 1024;
/** Less than this and not even a shell starts. */
const leastMemoryBytes = 16 * mebibyte;

/**
 * What the administrator sets holds for every extension, exceptions included; a manifest's quota only narrows.
 * `machineMemory` in bytes.
 */
export function extensionLimits(
  name: ExtensionName,
  controls: LimitControls,
  asked: ResourceLimits,
  machineMemory: number,
): ExtensionLimits {
  const set = controls['extensions.agent.cpulimit'];
  const cpu = set === 'unset' ? (cpuExceptions[typeKey(name)] ?? usualCpuPercent) : set;
  const memory = Math.floor((machineMemory * controls['extensions.agent.memorylimit']) / 100);
  const askedMemory = Math.floor((asked.memoryQuotaInMB ?? Infinity) * mebibyte);
  return {
    cpuPercent: Math.max(1, Math.min(cpu, asked.cpuQuotaPercentage ?? Infinity)),
    memoryBytes: Math.max(leastMemoryBytes, Math.min(memory, askedMemory)),
    processes: controls['extensions.agent.processlimit'],
    diskBytes: controls['extensions.agent.disklimit'] * mebibyte,
  };
}

function typeKey(name: ExtensionName): string {
  return extensionKey(name).split('/')[1] ?? '';
}
