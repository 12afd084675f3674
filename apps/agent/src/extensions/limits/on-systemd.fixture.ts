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
import { networkIsolation, readIsolationFacts } from '../network/network-isolation.ts';

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
  /** Without a network (T43): what stands against it, a command, how many of its children are there, and a greedy one. */
  readonly withheld: {
    readonly problem: string | undefined;
    readonly ran: Ran;
    readonly left: number | undefined;
    readonly leftThen: number | undefined;
    readonly greedy: Ran;
  };
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
  const isolation = networkIsolation(readIsolationFacts(0));
  const run = (script: string, asked = limits, network: 'given' | 'withheld' = 'given'): Ran => {
    const group = groups.open(member, asked);
    const command = ['/bin/sh', '-c', script] as const;
    const [file, ...words] = group.launch(network === 'given' ? command : isolation.launch(command));
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
  const withheld = run(
    'cat /proc/self/cgroup; tail -n +3 /proc/net/dev | cut -d: -f1; grep -q 127.0.0.1 /proc/net/fib_trie && echo up; for i in $(seq 40); do sleep 300 > /dev/null 2>&1 & done',
    limits,
    'withheld',
  );
  const leftWithheld = groups.count(member);
  await groups.end(member);
  const leftWithheldThen = groups.count(member);
  return {
    withheld: {
      problem: isolation.problem(),
      ran: withheld,
      left: leftWithheld,
      leftThen: leftWithheldThen,
      greedy: run('head -c 200000000 /dev/zero | tail | wc -c', limits, 'withheld'),
    },
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
