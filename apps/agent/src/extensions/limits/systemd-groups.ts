/**
 * Scopes and slices of systemd, which owns the control groups where it runs: a slice with the limits for each extension, one
 * below it for each version, and every command in a scope of its own (handler contract §7).
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { handlerName, messageOf } from '@sallyport/model';
import { endMembers } from './end-members.ts';
import type { ExtensionGroups, Leftover, Member } from './extension-groups.ts';
import type { ExtensionLimits } from './extension-limits.ts';
import { readCounts } from './group-counters.ts';
import { groupFilesV1, groupFilesV2 } from './group-files.ts';
import type { GroupTrees, SystemdPrograms } from './group-mechanism.ts';
import { launchWords, type Words } from './launcher.ts';
import { limitsReached, type Counts } from './limits-reached.ts';
import { processesWith, processName } from './processes.ts';

const commandMilliseconds = 10_000;

export interface Systemd {
  readonly programs: SystemdPrograms;
  readonly trees: GroupTrees;
}

/** `top` names the slice above all; another one for each root of an agent. */
export function systemdGroups({ programs, trees }: Systemd, top: string): ExtensionGroups {
  const sliceOf = ({ name }: Member): string => `${escaped(top)}-${escaped(handlerName(name))}.slice`;
  const sliceOfVersion = (member: Member): string => sliceOf(member).replace(/\.slice$/, `-${member.version}.slice`);
  const membersOf = (slice: string): readonly number[] =>
    processesWith('cgroup', (text) => text.includes(`/${slice}/`));
  const systemctl = (...words: readonly string[]): string | undefined => failureOf(programs.control, words);
  /** Whether a scope could be made, as far as that was tried. */
  let hasScopes: boolean | undefined;

  function counts(member: Member): Counts {
    return readCounts((resource) => {
      const tree = trees[resource];
      if (tree === undefined) return undefined;
      const slice = join(tree.root, `${escaped(top)}.slice`, sliceOf(member));
      const files = tree.version === 'v1' ? groupFilesV1 : groupFilesV2;
      return { groups: [slice, join(slice, sliceOfVersion(member))], files };
    });
  }

  /** A machine whose systemd makes no scopes must be able to run its extensions, and above all to remove them. */
  function scopeWords(member: Member): { readonly words: readonly string[]; readonly problem: string | undefined } {
    const slice = `--slice=${sliceOfVersion(member)}`;
    const words = [programs.run, '--scope', '--quiet', '--collect', slice, '--'];
    if (hasScopes !== true) {
      const problem = failureOf(programs.run, [...words.slice(1), '/bin/true']);
      hasScopes = problem === undefined;
      if (problem !== undefined) return { words: [], problem: `The scope of an extension cannot be made: ${problem}` };
    }
    return { words, problem: undefined };
  }

  /** Slices stay until somebody stops them, with the limits that were set on them. */
  function takeAway(member: Member): void {
    systemctl('stop', sliceOfVersion(member));
    if (membersOf(sliceOf(member)).length > 0) return;
    systemctl('stop', sliceOf(member));
    systemctl('revert', sliceOf(member));
  }

  return {
    open(member, limits) {
      const problem = systemctl('set-property', '--runtime', sliceOf(member), ...propertiesOf(limits));
      const unset = problem === undefined ? [] : [`The limits of an extension cannot be set: ${problem}`];
      const scope = scopeWords(member);
      const before = counts(member);
      return {
        launch: (command): Words => {
          const words = launchWords(limits, [], command);
          const [first, ...more] = scope.words;
          return first === undefined ? words : [first, ...more, ...words];
        },
        problems: scope.problem === undefined ? unset : [...unset, scope.problem],
        reached: () => limitsReached(limits, before, counts(member)),
        close: () => undefined,
      };
    },
    count: (member) => membersOf(sliceOfVersion(member)).length,
    async end(member): Promise<readonly Leftover[]> {
      const slice = sliceOfVersion(member);
      const there = membersOf(slice).map((pid): Leftover => ({ pid, name: processName(pid) }));
      if (there.length > 0) systemctl('kill', '--signal=SIGKILL', slice);
      const late = await endMembers(() => membersOf(slice));
      takeAway(member);
      return [...there, ...late.filter(({ pid }) => !there.some((one) => one.pid === pid))];
    },
    // Scopes that nobody is in go away by themselves, and slices when their version does.
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
function failureOf(program: string, words: readonly string[]): string | undefined {
  try {
    execFileSync(program, words, { stdio: ['ignore', 'ignore', 'pipe'], env: {}, timeout: commandMilliseconds });
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}
