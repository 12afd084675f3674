import { expect, test } from 'vitest';
import { describeMechanism, groupMechanism, type GroupFacts } from './group-mechanism.ts';

const v1Mounts = `31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw`;
const v1Own = '8:pids:/user.slice\n4:memory:/jobs/one\n1:cpu,cpuacct:/\n0::/';

function facts(change: Partial<GroupFacts> = {}): GroupFacts {
  return {
    uid: 0,
    mountInfo: v1Mounts,
    ownGroups: v1Own,
    systemd: false,
    systemdPrograms: { run: '/usr/bin/systemd-run', control: '/usr/bin/systemctl' },
    writable: () => true,
    v2Controllers: () => ['hugetlb'],
    ...change,
  };
}

const v2 = { mountInfo: '41 31 0:38 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw', ownGroups: '0::/agent' };

test('T45 version 1: below the own group of each tree, also where version 2 is mounted beside it without controllers', () => {
  expect(groupMechanism(facts())).toEqual({
    kind: 'v1',
    parents: {
      cpu: '/sys/fs/cgroup/cpu,cpuacct',
      memory: '/sys/fs/cgroup/memory/jobs/one',
      pids: '/sys/fs/cgroup/pids/user.slice',
    },
  });
  expect(describeMechanism(groupMechanism(facts()))).toBe('control groups v1: processor, memory, processes');
});

test('a container sees its part of a tree at the place of the mount', () => {
  const mountInfo = '35 31 0:32 /docker/abc /sys/fs/cgroup/memory\\040one rw - cgroup cgroup rw,memory';
  const inside = groupMechanism(facts({ mountInfo, ownGroups: '4:memory:/docker/abc/child' }));
  expect(inside).toEqual({ kind: 'v1', parents: { memory: '/sys/fs/cgroup/memory one/child' } });
  const elsewhere = groupMechanism(facts({ mountInfo, ownGroups: '4:memory:/other' }));
  expect(elsewhere).toEqual({ kind: 'v1', parents: { memory: '/sys/fs/cgroup/memory one' } });
  expect(describeMechanism(inside)).toBe('control groups v1: memory');
});

test('version 2 where it has controllers to give', () => {
  const mechanism = groupMechanism(facts({ ...v2, v2Controllers: () => ['cpuset', 'cpu', 'memory', 'pids'] }));
  expect(mechanism).toEqual({ kind: 'v2', root: '/sys/fs/cgroup', resources: ['cpu', 'memory', 'pids'] });
  expect(describeMechanism(mechanism)).toBe('control groups v2: processor, memory, processes');
});

test('systemd where it runs, whatever lies below; its programs alone do not count', () => {
  expect(groupMechanism(facts({ systemd: true })).kind).toBe('systemd');
  expect(groupMechanism(facts({ systemd: true, systemdPrograms: undefined })).kind).toBe('v1');
});

test.each<readonly [string, Partial<GroupFacts>, string]>([
  ['an ordinary user', { uid: 1000 }, 'the agent does not run as root'],
  ['a machine without any', { mountInfo: '', ownGroups: '' }, 'no control groups are mounted'],
  ['a container that may only look', { writable: () => false }, 'cannot be written to'],
  ['version 2 without controllers', v2, 'offer neither processor, memory nor processes'],
])('%s has none, and show says why', (_what, change, reason) => {
  const said = describeMechanism(groupMechanism(facts(change)));
  expect(said).toContain(reason);
  expect(said).toContain('extensions run without limits on processor, memory and processes');
});
