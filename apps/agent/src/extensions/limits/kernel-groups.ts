/**
 * Control groups of the kernel, either version: `<parent>/azcmagent/<Publisher.Type>/<version>` in each tree. The limits are the
 * extension's and hold for all its versions together; a version has a group of its own so that what it leaves behind is told
 * from what the next one has begun (T44).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { handlerName, messageOf } from '@sallyport/model';
import { isMissing } from '@sallyport/durable-files';
import { endMembers } from './end-members.ts';
import type { ExtensionGroups, Leftover, Member, OpenGroup } from './extension-groups.ts';
import type { ExtensionLimits } from './extension-limits.ts';
import { readCounts } from './group-counters.ts';
import type { GroupFiles, GroupSetting } from './group-files.ts';
import { limitedResources, type LimitedResource } from './group-mechanism.ts';
import { launchWords, type Words } from './launcher.ts';
import { limitsReached, type Counts } from './limits-reached.ts';

export interface KernelGroupsOptions {
  /** The group below which ours is made, for each resource; one and the same for version 2. */
  readonly parents: Readonly<Partial<Record<LimitedResource, string>>>;
  readonly files: GroupFiles;
  /** The name of our group, another one for each root of an agent. */
  readonly top: string;
  /** Version 2: hands the controllers down from a group to those below it. */
  prepare?(directory: string): void;
}

/** Groups in trees that this process may write to. */
export function kernelGroups(options: KernelGroupsOptions): ExtensionGroups {
  const { files, top } = options;
  const resources = limitedResources.filter((one) => options.parents[one] !== undefined);
  const parentOf = (resource: LimitedResource): string => options.parents[resource] ?? '';
  const trees = [...new Set(resources.map(parentOf))];
  const below = ({ name, version }: Member): string => join(top, handlerName(name), version);
  const groupsOf = (member: Member): readonly string[] => trees.map((tree) => join(tree, below(member)));
  const inUse = new Map<string, number>();

  function make(member: Member): readonly string[] {
    const problems: string[] = [];
    for (const tree of trees) {
      try {
        mkdirSync(join(tree, top), { recursive: true });
        options.prepare?.(join(tree, top));
        const group = join(tree, below(member));
        mkdirSync(group, { recursive: true });
        // It may be one whose processes were to be ended.
        if (files.frozenProcesses !== undefined) write(group, { ...files.frozenProcesses, value: 'max' });
      } catch (error) {
        problems.push(`The group ${join(tree, below(member))} cannot be made: ${messageOf(error)}`);
      }
    }
    return problems;
  }

  function setLimits(member: Member, limits: ExtensionLimits): readonly string[] {
    const problems: string[] = [];
    const settings = files.settings(limits);
    for (const resource of resources) {
      const directory = join(parentOf(resource), dirname(below(member)));
      for (const setting of settings[resource]) {
        const problem = write(directory, setting);
        if (problem !== undefined && setting.optional !== true) problems.push(problem);
      }
    }
    return problems;
  }

  function counts(member: Member): Counts {
    return readCounts((resource) => {
      if (!resources.includes(resource)) return undefined;
      const group = join(parentOf(resource), below(member));
      return { groups: [dirname(group), group], files };
    });
  }

  /** The group of a version with what was made below it, and those above it as far as they are empty. */
  function removeIfFree(version: string): void {
    if ((inUse.get(version) ?? 0) > 0) return;
    for (const tree of trees) {
      removeTree(join(tree, version));
      for (let group = dirname(version); group !== '.'; group = dirname(group)) removeEmpty(join(tree, group));
    }
  }

  return {
    open(member, limits): OpenGroup {
      const key = below(member);
      inUse.set(key, (inUse.get(key) ?? 0) + 1);
      const problems = [...make(member), ...setLimits(member, limits)];
      const before = counts(member);
      // One that could not be made is told of, and the command runs within the others.
      const procs = groupsOf(member)
        .map((group) => join(group, 'cgroup.procs'))
        .filter((path) => existsSync(path));
      return {
        launch: (command: Words) => launchWords(limits, procs, command),
        problems,
        reached: () => limitsReached(limits, before, counts(member)),
        close() {
          inUse.set(key, (inUse.get(key) ?? 1) - 1);
          removeIfFree(key);
        },
      };
    },
    count: (member) => membersOf(groupsOf(member)).length,
    async end(member): Promise<readonly Leftover[]> {
      const groups = groupsOf(member);
      if (membersOf(groups).length === 0) {
        removeIfFree(below(member));
        return [];
      }
      const restore = resources.includes('cpu')
        ? letRun(join(parentOf('cpu'), dirname(below(member))))
        : () => undefined;
      for (const group of groups) stopForks(group);
      const ended = await endMembers(() => membersOf(groups));
      restore();
      removeIfFree(below(member));
      return ended;
    },
    sweep() {
      for (const tree of trees) {
        for (const handler of foldersIn(join(tree, top))) {
          for (const version of foldersIn(join(tree, top, handler))) removeIfFree(join(top, handler, version));
          removeEmpty(join(tree, top, handler));
        }
        removeEmpty(join(tree, top));
      }
    },
  };

  function letRun(directory: string): () => void {
    const before = textOf(join(directory, files.unthrottled.file)).trim();
    write(directory, files.unthrottled);
    return () => {
      if (before !== '') write(directory, { ...files.unthrottled, value: before });
    };
  }

  function stopForks(group: string): void {
    if (files.frozenProcesses !== undefined) write(group, files.frozenProcesses);
    if (files.killFile !== undefined) write(group, { file: files.killFile, value: '1' });
  }
}

/** What went wrong, or undefined. */
function write(directory: string, { file, value }: GroupSetting): string | undefined {
  const path = join(directory, file);
  try {
    writeFileSync(path, value, { flag: 'r+' });
    return undefined;
  } catch (error) {
    return `The limit ${path} cannot be set to ${value}: ${messageOf(error)}`;
  }
}

/** Everybody in the groups and in groups that were made below them. */
function membersOf(groups: readonly string[]): readonly number[] {
  const found = new Set<number>();
  const visit = (group: string): void => {
    for (const line of textOf(join(group, 'cgroup.procs')).split('\n')) if (line !== '') found.add(Number(line));
    for (const name of foldersIn(group)) visit(join(group, name));
  };
  groups.forEach(visit);
  return [...found];
}

/** Removes a group and those below it, as far as nobody is in them. */
function removeTree(group: string): void {
  for (const name of foldersIn(group)) removeTree(join(group, name));
  removeEmpty(group);
}

function removeEmpty(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // Somebody is still in it: it is swept later.
  }
}

function foldersIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // The group is not there, or this kernel has no such file.
    return '';
  }
}
