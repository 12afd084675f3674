/** Which of the kernel's and the service manager's ways of limiting a group of processes this machine has. Pure: facts in, choice out. */
import { join, relative } from 'node:path';

export interface GroupFacts {
  /** Effective user of the agent. */
  readonly uid: number;
  /** `/proc/self/mountinfo`. */
  readonly mountInfo: string;
  /** `/proc/self/cgroup`. */
  readonly ownGroups: string;
  /** Whether systemd manages this machine (`/run/systemd/system` is there). */
  readonly systemd: boolean;
  /** The programs `systemd-run` and `systemctl`; undefined when either is missing. */
  readonly systemdPrograms: SystemdPrograms | undefined;
  /** Whether the agent may write there; also false for a read-only mount. */
  writable(path: string): boolean;
  /** The controllers that are handed out at the root of the second version's tree. */
  v2Controllers(root: string): readonly string[];
}

export interface SystemdPrograms {
  readonly run: string;
  readonly control: string;
}

/** What can be limited, in the words of `azcmagent show`. */
export const limitedResources = ['cpu', 'memory', 'pids'] as const;
export type LimitedResource = (typeof limitedResources)[number];

/** A tree of control groups. */
export interface GroupTree {
  readonly root: string;
  readonly version: 'v1' | 'v2';
}

/** Where the control groups of each resource are to be read. */
export type GroupTrees = Readonly<Partial<Record<LimitedResource, GroupTree>>>;

export type GroupMechanism =
  | { readonly kind: 'systemd'; readonly programs: SystemdPrograms; readonly trees: GroupTrees }
  /** Below the root of the tree: the group the agent itself is in may not be divided while the agent is in it. */
  | { readonly kind: 'v2'; readonly root: string; readonly resources: readonly LimitedResource[] }
  /** Below the agent's own group in each hierarchy: what limits the agent limits its extensions too. */
  | { readonly kind: 'v1'; readonly parents: Readonly<Partial<Record<LimitedResource, string>>> }
  | { readonly kind: 'none'; readonly reason: string };

/** systemd where it manages the groups: nobody else may change them there. Else version 2, else version 1, else none. */
export function groupMechanism(facts: GroupFacts): GroupMechanism {
  if (facts.uid !== 0) return { kind: 'none', reason: 'the agent does not run as root' };
  if (facts.systemd && facts.systemdPrograms !== undefined)
    return { kind: 'systemd', programs: facts.systemdPrograms, trees: treesIn(facts) };
  return version2(facts) ?? version1(facts) ?? { kind: 'none', reason: missing(facts) };
}

/** One line for people. */
export function describeMechanism(mechanism: GroupMechanism): string {
  switch (mechanism.kind) {
    case 'systemd':
      return 'systemd scopes: processor, memory, processes';
    case 'v2':
      return `control groups v2: ${said(mechanism.resources)}`;
    case 'v1':
      return `control groups v1: ${said(limitedResources.filter((one) => mechanism.parents[one] !== undefined))}`;
    case 'none':
      return `none (${mechanism.reason}): extensions run without limits on processor, memory and processes`;
  }
  return mechanism satisfies never;
}

const words: Readonly<Record<LimitedResource, string>> = { cpu: 'processor', memory: 'memory', pids: 'processes' };

function said(resources: readonly LimitedResource[]): string {
  return resources.map((one) => words[one]).join(', ');
}

interface Mount {
  /** What of the tree is mounted: `/`, or the part that a container is given. */
  readonly root: string;
  readonly point: string;
  readonly type: string;
  /** `memory`, or `cpu,cpuacct`. */
  readonly controllers: readonly string[];
}

function mountsIn(mountInfo: string): readonly Mount[] {
  return mountInfo.split('\n').flatMap((line): Mount[] => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root, point] = left.split(' ');
    const [type = '', , options = ''] = right.split(' ');
    if (root === undefined || point === undefined || !type.startsWith('cgroup')) return [];
    return [{ root: unescaped(root), point: unescaped(point), type, controllers: options.split(',') }];
  });
}

/** Blanks and backslashes of paths are written in octal there. */
function unescaped(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_all, digits: string) => String.fromCharCode(parseInt(digits, 8)));
}

function treesIn(facts: GroupFacts): GroupTrees {
  const mounts = mountsIn(facts.mountInfo);
  const unified = mounts.find(({ type }) => type === 'cgroup2')?.point;
  const trees: Partial<Record<LimitedResource, GroupTree>> = {};
  for (const resource of limitedResources) {
    const own = mounts.find(({ type, controllers }) => type === 'cgroup' && controllers.includes(resource))?.point;
    if (own !== undefined) trees[resource] = { root: own, version: 'v1' };
    else if (unified !== undefined) trees[resource] = { root: unified, version: 'v2' };
  }
  return trees;
}

function version2(facts: GroupFacts): GroupMechanism | undefined {
  const mount = mountsIn(facts.mountInfo).find(({ type }) => type === 'cgroup2');
  if (mount === undefined || !facts.writable(mount.point)) return undefined;
  const offered = facts.v2Controllers(mount.point);
  const resources = limitedResources.filter((one) => offered.includes(one));
  return resources.length === 0 ? undefined : { kind: 'v2', root: mount.point, resources };
}

function version1(facts: GroupFacts): GroupMechanism | undefined {
  const mounts = mountsIn(facts.mountInfo).filter(({ type }) => type === 'cgroup');
  const parents: Partial<Record<LimitedResource, string>> = {};
  for (const resource of limitedResources) {
    const mount = mounts.find(({ controllers }) => controllers.includes(resource));
    const own = ownGroup(facts.ownGroups, resource);
    if (mount === undefined || own === undefined) continue;
    const below = relative(mount.root, own);
    const parent = below.startsWith('..') ? mount.point : join(mount.point, below);
    if (facts.writable(parent)) parents[resource] = parent;
  }
  return Object.keys(parents).length === 0 ? undefined : { kind: 'v1', parents };
}

function ownGroup(ownGroups: string, controller: string): string | undefined {
  for (const line of ownGroups.split('\n')) {
    const [, controllers, ...path] = line.split(':');
    if (controllers?.split(',').includes(controller) === true) return path.join(':');
  }
  return undefined;
}

function missing(facts: GroupFacts): string {
  const mounts = mountsIn(facts.mountInfo);
  if (mounts.length === 0) return 'no control groups are mounted';
  return 'the control groups cannot be written to, or offer neither processor, memory nor processes';
}
