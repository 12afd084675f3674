/** What the agent does with extensions on a machine that systemd manages, as a program that is run there. One line of JSON says what was seen. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { knownExtension } from '@sallyport/local-controls';
import { parseHandlerVersion, type HandlerVersion } from '@sallyport/model';
import type { Leftover, Member } from './extension-groups.ts';
import type { ExtensionLimits } from './extension-limits.ts';
import { describeMechanism, groupMechanism } from './group-mechanism.ts';
import { machineGroups } from './machine-groups.ts';
import { readGroupFacts } from './read-group-facts.ts';

interface Ran {
  readonly output: string;
  readonly errors: string;
  readonly problems: readonly string[];
  readonly reached: readonly string[];
}

/** What {@link main} saw. */
export interface Seen {
  readonly mechanism: string;
  readonly simple: Ran;
  readonly forking: Ran;
  readonly left: number | undefined;
  readonly ended: readonly Leftover[];
  readonly leftThen: number | undefined;
  readonly greedy: Ran;
  readonly busy: Ran;
  readonly tighter: Ran;
  /** Slices of ours that systemd has while the extension is there, and once it is gone. */
  readonly slices: string;
  readonly slicesThen: string;
}

const member: Member = {
  name: knownExtension('Contoso-Labs.Test/Thing'),
  version: parseHandlerVersion('1.2.0') as HandlerVersion,
  directory: '/nowhere',
};
const limits: ExtensionLimits = {
  cpuPercent: 20,
  memoryBytes: 48 * 1024 * 1024,
  processes: 20,
  diskBytes: 1024 * 1024 * 1024,
};

async function main(): Promise<Seen> {
  const mechanism = groupMechanism(readGroupFacts(0));
  const groups = machineGroups(mechanism, '/');
  const run = (script: string, asked = limits): Ran => {
    const group = groups.open(member, asked);
    const [file, ...words] = group.launch(['/bin/sh', '-c', script]);
    const { stdout, stderr } = spawnSync(file, words, { encoding: 'utf8', input: '\n' });
    group.close();
    return { output: stdout, errors: stderr, problems: group.problems, reached: group.reached() };
  };
  const slices = (): string =>
    spawnSync('systemctl', ['list-units', '--all', '--plain', '--no-legend', 'azcmagent*'], { encoding: 'utf8' })
      .stdout;
  const simple = run('cat /proc/self/cgroup');
  const forking = run('for i in $(seq 40); do sleep 300 > /dev/null 2>&1 & done');
  const left = groups.count(member);
  const slicesNow = slices();
  const ended = await groups.end(member);
  const leftThen = groups.count(member);
  const slicesThen = slices();
  return {
    mechanism: describeMechanism(mechanism),
    simple,
    forking,
    left,
    ended,
    leftThen,
    slices: slicesNow,
    slicesThen,
    greedy: run('head -c 200000000 /dev/zero | tail | wc -c'),
    busy: run('timeout 2 sh -c "while :; do :; done"; true'),
    tighter: run('for i in $(seq 9); do sleep 300 > /dev/null 2>&1 & done', { ...limits, processes: 5 }),
  };
}

const seen = await main();
process.stdout.write(`${JSON.stringify(seen)}\n${readFileSync('/proc/1/comm', 'utf8')}`);
