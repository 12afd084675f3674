/** The groups of a machine, by the mechanism it has. */
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExtensionGroups } from './extension-groups.ts';
import { groupFilesV1, groupFilesV2 } from './group-files.ts';
import type { GroupMechanism, LimitedResource } from './group-mechanism.ts';
import { kernelGroups } from './kernel-groups.ts';
import { noGroups } from './no-groups.ts';
import { systemdGroups } from './systemd-groups.ts';

/** The groups of the agent of one root. */
export function machineGroups(mechanism: GroupMechanism, root: string): ExtensionGroups {
  const top = topOf(root);
  switch (mechanism.kind) {
    case 'systemd':
      return systemdGroups(mechanism, top);
    case 'v1':
      return kernelGroups({ parents: mechanism.parents, files: groupFilesV1, top });
    case 'v2':
      return version2(mechanism.root, mechanism.resources, top);
    case 'none':
      return noGroups;
  }
  return mechanism satisfies never;
}

function version2(root: string, resources: readonly LimitedResource[], top: string): ExtensionGroups {
  const parents = Object.fromEntries(resources.map((one) => [one, root]));
  return kernelGroups({
    parents,
    files: groupFilesV2,
    top,
    prepare(directory) {
      for (const group of [root, directory]) handDown(group, resources);
    },
  });
}

/** Only what is not handed down yet: a root that systemd or a container owns refuses more, and has done it. */
function handDown(group: string, resources: readonly LimitedResource[]): void {
  const file = join(group, 'cgroup.subtree_control');
  const there = readFileSync(file, 'utf8').trim().split(/\s+/);
  const more = resources.filter((one) => !there.includes(one));
  if (more.length > 0) writeFileSync(file, more.map((one) => `+${one}`).join(' '), { flag: 'r+' });
}

/** Agents with roots of their own do not meet in one group. */
function topOf(root: string): string {
  return root === '/' ? 'azcmagent' : `azcmagent-${createHash('sha256').update(root).digest('hex').slice(0, 12)}`;
}
