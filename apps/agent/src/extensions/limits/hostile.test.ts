/**
 * Extensions that take all they can get, against the limits of this machine. Everything they do is bounded by the limits under
 * test, which are small, and by a group that is emptied at the end, whatever happens.
 */
import { createHash } from 'node:crypto';
import {
  existsSync,
  fstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { parseHandlerManifest } from '@sallyport/handler-contract';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import { temporaryDirectory } from '@sallyport/testkit';
import { afterEach, describe, expect, test } from 'vitest';
import { extension, testMachine, type TestMachine } from '../machine.fixture.ts';
import { limitedAtGate, type LimitedCommand } from '../run/run-within-limits.ts';
import { mostOutputBytes, OutputFile } from '../run/output-file.ts';
import type { ExtensionGroups, Member } from './extension-groups.ts';
import type { ExtensionLimits } from './extension-limits.ts';
import { groupMechanism, type GroupMechanism } from './group-mechanism.ts';
import { machineGroups } from './machine-groups.ts';
import { processesWith } from './processes.ts';
import { readGroupFacts } from './read-group-facts.ts';

const mebibyte = 1024 * 1024;
const small: ExtensionLimits = {
  cpuPercent: 100,
  memoryBytes: 64 * mebibyte,
  processes: 24,
  diskBytes: 8 * mebibyte,
};
const version = parseHandlerVersion('1.0.0') as HandlerVersion;
const nextVersion = parseHandlerVersion('2.0.0') as HandlerVersion;
const mechanism = groupMechanism(readGroupFacts(process.geteuid?.() ?? -1));
const whole =
  mechanism.kind === 'v1'
    ? Object.keys(mechanism.parents).length === 3
    : mechanism.kind === 'v2' && mechanism.resources.length === 3;

interface Rig extends Disposable {
  readonly machine: TestMachine;
  readonly groups: ExtensionGroups;
  readonly member: Member;
  readonly run: (script: string, limits?: Partial<ExtensionLimits>, seconds?: number) => Promise<LimitedCommand>;
}

const rigs: Rig[] = [];

afterEach(async () => {
  for (const { groups, member, machine } of rigs.splice(0)) {
    await groups.end(member);
    await groups.end({ ...member, version: nextVersion });
    groups.sweep();
    machine.host.leftOutputs.close();
    machine[Symbol.dispose]();
  }
});

function rig(): Rig {
  const machine = testMachine();
  const groups = machineGroups(mechanism, machine.host.paths.data);
  const directory = join(machine.host.paths.handlers, 'Contoso.Test.Thing-1.0.0');
  const member = { name: extension, version, directory };
  const scratch = join(machine.host.paths.data, 'scratch');
  for (const folder of [directory, scratch]) mkdirSync(folder, { recursive: true });
  const commands = Object.fromEntries(
    ['install', 'enable', 'update', 'disable', 'uninstall'].map((name) => [`${name}Command`, 'run.sh']),
  );
  const manifest = parseHandlerManifest(JSON.stringify([{ handlerManifest: commands }]));
  const made: Rig = {
    machine,
    groups,
    member,
    run(script, limits = {}, seconds = 20) {
      writeFileSync(join(directory, 'run.sh'), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      const host = { ...machine.host, groups, limitsOf: () => ({ ...small, ...limits }) };
      const command = limitedAtGate(host, {
        member,
        manifest,
        folders: [directory],
        network: 'given',
        call: { command: 'enable', uninstallExitCode: undefined },
        sequence: 1,
        scratch,
      });
      return command.run({ secondsLeft: seconds, signal: new AbortController().signal });
    },
    [Symbol.dispose]: () => machine[Symbol.dispose](),
  };
  rigs.push(made);
  return made;
}

/** Another extension on the same machine does its work at that moment. */
async function neighbourWorks(machine: TestMachine, groups: ExtensionGroups): Promise<string> {
  const directory = join(machine.host.paths.handlers, 'Contoso.Test.Neighbour-1.0.0');
  mkdirSync(directory, { recursive: true });
  const limits = { ...small, processes: 16 };
  const neighbour = { name: { ...extension, type: 'Neighbour' }, version, directory };
  const group = groups.open(neighbour, limits);
  const [program, ...words] = group.launch(['/bin/sh', '-c', 'for i in 1 2 3; do /bin/true; done; echo works']);
  const { execFileSync } = await import('node:child_process');
  const said = execFileSync(program, words, { encoding: 'utf8', input: '\n' });
  group.close();
  return said.trim();
}

const bomb = 'bomb() { bomb | bomb & }\nbomb\nsleep 0.5\nexit 0';

describe.runIf(whole)('hostile extensions (needs root and control groups with processor, memory and processes)', () => {
  test('T45 T44 a fork bomb stays within its processes, others work beside it, and its removal ends all of it', async () => {
    const { run, groups, member, machine } = rig();
    const { reached } = await run(bomb);
    expect(reached.join()).toContain('Processes: it wanted more than its limit of 24');
    expect(groups.count(member)).toBeLessThanOrEqual(24);
    expect(await neighbourWorks(machine, groups)).toBe('works');
    await groups.end(member);
    expect(groups.count(member)).toBe(0);
    expect(processesWith('environ', (text) => text.includes(member.directory))).toEqual([]);
  });

  test('T45 a memory hog is ended at its limit, and the failure says why', async () => {
    const { run } = rig();
    const { finished, reached } = await run('x=$(head -c 200000000 /dev/zero | tr "\\0" x); echo "${#x}"');
    expect(finished.end).not.toEqual({ kind: 'exit', code: 0 });
    expect(reached.join()).toMatch(/Memory: \d+ of its processes ended at its limit of 64 MiB/);
  });

  test('T45 a loop that never rests is held to its share', async () => {
    const { run } = rig();
    const { finished, reached } = await run('while :; do :; done', { cpuPercent: 5 }, 4);
    expect(finished.end).toMatchObject({ kind: 'timeout' });
    expect(reached.join()).toMatch(/Processor: it waited \d+ s at its limit of 5 % of one processor/);
  });

  test('T44 what an enable leaves behind lives on in the group, and a new version is not ended with the old one', async () => {
    const { run, groups, member } = rig();
    await run('sleep 1000 > /dev/null 2>&1 &\nsetsid sleep 1000 > /dev/null 2>&1 &\nexit 0');
    expect(groups.count(member)).toBe(2);
    const next = { ...member, version: nextVersion };
    const group = groups.open(next, small);
    const { spawn } = await import('node:child_process');
    const [program, ...words] = group.launch(['/bin/sleep', '1000']);
    const child = spawn(program, words, { stdio: ['pipe', 'ignore', 'ignore'] });
    child.stdin?.end('\n');
    await expect.poll(() => groups.count(next)).toBe(1);
    const ended = await groups.end(member);
    // A shell that has not become its command yet is one of them too.
    expect(ended).toHaveLength(2);
    expect(groups.count(next)).toBe(1);
    await groups.end(next);
    group.close();
    expect(child.pid).toBeDefined();
  });

  test('T44 groups that nobody is in are gone', async () => {
    const { run, groups, member, machine } = rig();
    // Others may run the same test at this moment: only the groups of this root count.
    const name = `azcmagent-${createHash('sha256').update(machine.host.paths.data).digest('hex').slice(0, 12)}`;
    const mine = (): readonly string[] => parentsOf(mechanism).filter((parent) => existsSync(join(parent, name)));
    await run('exit 0');
    expect(mine()).toEqual([]);
    await run('sleep 1000 > /dev/null 2>&1 &');
    expect(mine()).not.toEqual([]);
    await groups.end(member);
    expect(mine()).toEqual([]);
  });

  test('T45 limits that are changed hold for what is running already', async () => {
    const { run } = rig();
    await run('sleep 1000 > /dev/null 2>&1 &');
    const { reached } = await run('for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do sleep 1 & done; wait', {
      processes: 16,
    });
    expect(reached.join()).toContain('limit of 16');
  });
});

function parentsOf(of: GroupMechanism): readonly string[] {
  if (of.kind === 'v1') return Object.values(of.parents);
  return of.kind === 'v2' ? [of.root] : [];
}

test('T45 one file can only grow to the limit, and a folder of many is noticed', async () => {
  const { run, member } = rig();
  const one = await run('head -c 20000000 /dev/zero > big');
  expect(one.finished.end).not.toEqual({ kind: 'exit', code: 0 });
  expect(readFileSync(join(member.directory, 'big')).length).toBe(small.diskBytes);
  const many = await run(
    'i=0; while [ $i -lt 40 ]; do head -c 1000000 /dev/zero > many.$i; i=$((i+1)); done; sleep 100',
  );
  expect(many.finished.end).toEqual({ kind: 'signal', signal: 'SIGKILL' });
  expect(many.reached.join()).toMatch(/Disk: its files took \d+ MiB, more than its limit of 8 MiB/);
});

test('T45 T50 descriptors are limited, and no core is dumped', async () => {
  const { run } = rig();
  const { finished } = await run('ulimit -n; ulimit -c; cat /proc/self/coredump_filter');
  expect(Buffer.from(finished.stdout).toString()).toBe('1024\n0\n00000000\n');
});

test('T45 a flood of output fills nothing: the newest is kept', async () => {
  const { run } = rig();
  const flood = 'head -c 60000000 /dev/zero | tr "\\0" x; sleep 1; head -c 60000000 /dev/zero | tr "\\0" y; echo END';
  // The file lies in memory here and counts as the command's, until whoever trims it, who may be late on a busy machine, has looked.
  const { finished } = await run(flood, { diskBytes: 1024 * mebibyte, memoryBytes: 256 * mebibyte }, 60);
  expect(finished.end).toEqual({ kind: 'exit', code: 0 });
  expect(Buffer.from(finished.stdout).toString()).toMatch(/^y+END\n$/);
});

test('T45 an output begins anew when it is too large, and its end is known all the same', () => {
  using directory = temporaryDirectory('output');
  const file = new OutputFile(join(directory.path, 'out'));
  writeSync(file.descriptor, Buffer.alloc(mostOutputBytes, 'a'));
  file.trim();
  expect(fstatSync(file.descriptor).size).toBe(mostOutputBytes);
  writeSync(file.descriptor, 'b');
  file.trim();
  expect(fstatSync(file.descriptor).size).toBe(0);
  writeSync(file.descriptor, 'c');
  expect(fstatSync(file.descriptor).size).toBe(1);
  expect(Buffer.from(file.tail()).toString()).toMatch(/^a+bc$/);
  file.close();
});

test.runIf(whole)('T45 what was left behind goes on writing, and that is bounded too', async () => {
  const { run, machine, groups, member } = rig();
  await run('(while :; do head -c 4000000 /dev/zero; sleep 0.05; done) &\nsleep 0.1', { diskBytes: 1024 * mebibyte });
  const { leftOutputs } = machine.host;
  expect(groups.count(member)).toBeGreaterThan(0);
  let largest = 0;
  const begunAnew = (): boolean => {
    const size = Math.max(0, ...openOutputs(machine));
    largest = Math.max(largest, size);
    leftOutputs.look();
    return size < largest;
  };
  await expect.poll(begunAnew, { timeout: 20_000 }).toBe(true);
  await groups.end(member);
  leftOutputs.look();
  expect(openOutputs(machine)).toEqual([]);
});

/** Sizes of the outputs that this process has open: their folder is told of them, and no name. */
function openOutputs({ host }: TestMachine): readonly number[] {
  const scratch = join(host.paths.data, 'scratch/');
  return readdirSync('/proc/self/fd').flatMap((descriptor) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${descriptor}`);
      return path.startsWith(scratch) ? [fstatSync(Number(descriptor)).size] : [];
    } catch {
      // The descriptor of the listing itself.
      return [];
    }
  });
}
