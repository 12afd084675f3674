/** Version 2, as far as this machine has it: entering, telling apart and ending are real; limits it has no controllers for are told of. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { expect, test } from 'vitest';
import { extension } from '../machine.fixture.ts';
import { groupFilesV2 } from './group-files.ts';
import { kernelGroups } from './kernel-groups.ts';

const root = /^\S+ \S+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'))?.[1] ?? '';
const usable =
  process.geteuid?.() === 0 && root !== '' && !readFileSync(`${root}/cgroup.controllers`, 'utf8').includes('pids');
const limits = { cpuPercent: 50, memoryBytes: 2 ** 26, processes: 20, diskBytes: 2 ** 20 };

test.runIf(usable)(
  'T44 processes of a version are ended, those of another go on (needs root and a tree of version 2)',
  async () => {
    const top = `azcmagent-test-${process.pid}`;
    const groups = kernelGroups({ parents: { pids: root }, files: groupFilesV2, top });
    const member = { name: extension, version: parseHandlerVersion('1.0.0') as HandlerVersion, directory: '/nowhere' };
    const next = { ...member, version: parseHandlerVersion('2.0.0') as HandlerVersion };
    const opened = [member, next].map((one) => groups.open(one, limits));
    for (const group of opened) {
      const [program, ...words] = group.launch(['/bin/sleep', '1000']);
      spawn(program, words, { stdio: ['pipe', 'ignore', 'ignore'] }).stdin?.end('\n');
      // This tree has no controller for processes; that is told, and the command is in its group all the same.
      expect(group.problems.join()).toContain('pids.max');
    }
    await expect.poll(() => [groups.count(member), groups.count(next)]).toEqual([1, 1]);
    await groups.end(member);
    expect([groups.count(member), groups.count(next)]).toEqual([0, 1]);
    await groups.end(next);
    opened.forEach((group) => group.close());
    groups.sweep();
    expect(existsSync(`${root}/${top}`)).toBe(false);
  },
);

test('what is written for limits in version 2', () => {
  expect(groupFilesV2.settings(limits)).toEqual({
    cpu: [
      { file: 'cpu.max.burst', value: '0', optional: true },
      { file: 'cpu.max', value: '500000 1000000' },
      { file: 'cpu.max.burst', value: '500000', optional: true },
    ],
    memory: [
      { file: 'memory.max', value: String(2 ** 26) },
      { file: 'memory.swap.max', value: '0', optional: true },
    ],
    pids: [{ file: 'pids.max', value: '20' }],
  });
});
