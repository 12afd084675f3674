/**
 * Scopes and slices of systemd, which owns the control groups where it runs: a slice with the limits for each extension, one
 * below it for each version, and every command in a scope of its own (handler contract §7).
 */
import { execFileSync } from 'node:child_process';
import { handlerName, messageOf } from '@sallyport/model';
import { endMembers } from './end-members.ts';
import type { ExtensionGroups, Member } from './extension-groups.ts';
import type { ExtensionLimits } from './extension-limits.ts';
import type { SystemdPrograms } from './group-mechanism.ts';
import { launchWords } from './launcher.ts';
import { processesWith } from './processes.ts';

const commandMilliseconds = 10_000;

/** `top` names the slice above all; another one for each root of an agent. */
export function systemdGroups(programs: SystemdPrograms, top: string): ExtensionGroups {
  const sliceOf = ({ name }: Member): string => `${escaped(top)}-${escaped(handlerName(name))}.slice`;
  const sliceOfVersion = (member: Member): string => sliceOf(member).replace(/\.slice$/, `-${member.version}.slice`);
  const membersOf = (member: Member): readonly number[] =>
    processesWith('cgroup', (text) => text.includes(`/${sliceOfVersion(member)}/`));
  return {
    open(member, limits) {
      const problem = control(programs, ['set-property', '--runtime', sliceOf(member), ...propertiesOf(limits)]);
      const run = [programs.run, '--scope', '--quiet', '--collect', `--slice=${sliceOfVersion(member)}`, '--'] as const;
      return {
        launch: (command) => [...run, ...launchWords(limits, [], command)],
        problems: problem === undefined ? [] : [problem],
        reached: () => [],
        close: () => undefined,
      };
    },
    count: (member) => membersOf(member).length,
    async end(member) {
      if (membersOf(member).length === 0) return [];
      control(programs, ['kill', '--signal=SIGKILL', sliceOfVersion(member)]);
      return endMembers(() => membersOf(member));
    },
    // Scopes that nobody is in go away by themselves, and slices with them.
    sweep: () => undefined,
  };
}

function propertiesOf(limits: ExtensionLimits): readonly string[] {
  return [
    `CPUQuota=${limits.cpuPercent}%`,
    'CPUQuotaPeriodSec=1s',
    `MemoryMax=${limits.memoryBytes}`,
    'MemorySwapMax=0',
    `TasksMax=${limits.processes}`,
  ];
}

/** A dash in the name of a slice says what it lies below. */
function escaped(name: string): string {
  return name.replaceAll('-', String.raw`\x2d`);
}

/** What went wrong, or undefined. */
function control({ control: program }: SystemdPrograms, words: readonly string[]): string | undefined {
  try {
    execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'], env: {}, timeout: commandMilliseconds });
    return undefined;
  } catch (error) {
    return `The limits of an extension cannot be set: ${messageOf(error)}`;
  }
}
