/**
 * How a command is kept from the network (T43): in a network namespace of its own, in which there is loopback and nothing else. All it takes
 * is `unshare` and `mount` of util-linux, which every Debian and RHEL has. Loopback is brought up over sysfs, which shows the devices of
 * the namespace it was mounted in, so it is mounted for a moment, in a mount namespace that only the one who writes is in: the command
 * itself sees the mounts of the machine.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { launchFailedExitCode, type Words } from '../limits/launcher.ts';

export interface NetworkIsolation {
  /** What stands against keeping a command from the network here, as part of a sentence; undefined when nothing does. */
  problem(): string | undefined;
  /** What starts a command without a network. The process stays the same one. Only where there is no problem. */
  launch(command: Words): Words;
}

export interface IsolationFacts {
  /** Effective user of the agent. */
  readonly uid: number;
  /** The programs by their names; undefined for one that is missing. */
  readonly unshare: string | undefined;
  readonly mount: string | undefined;
  readonly hasNamespaces: boolean;
}

/** What stands against it as far as it can be seen without trying. */
export function visibleProblem({ uid, unshare, mount, hasNamespaces }: IsolationFacts): string | undefined {
  if (uid !== 0) return 'the agent does not run as root';
  if (!hasNamespaces) return 'the kernel has no network namespaces';
  if (unshare === undefined) return "the program 'unshare' (util-linux) is missing";
  return mount === undefined ? "the program 'mount' is missing" : undefined;
}

/** $1 unshare, $2 mount; then the command, as words and never as shell (T42). 0x9: up, and a loopback. */
const script = `unshare=$1
mount=$2
shift 2
"$unshare" --mount -- /bin/sh -c '"$1" -t sysfs sysfs /sys && echo 0x9 > /sys/class/net/lo/flags' sh "$mount" || {
  echo "azcmagent: the command cannot be kept from the network: loopback does not come up" >&2
  exit ${launchFailedExitCode}
}
exec "$@"`;

const tryMilliseconds = 10_000;

/**
 * Namespaces are tried each time before they are relied on: containers and security modules may forbid what the facts let hope for, from
 * one day to the next.
 */
export function networkIsolation(facts: IsolationFacts): NetworkIsolation {
  const { unshare = 'unshare', mount = 'mount' } = facts;
  const launch = (command: Words): Words => [
    unshare,
    '--net',
    '--',
    '/bin/sh',
    '-c',
    script,
    'sh',
    unshare,
    mount,
    ...command,
  ];
  return {
    launch,
    problem() {
      return visibleProblem(facts) ?? failureOf(launch(['/bin/true']));
    },
  };
}

function failureOf([program, ...words]: Words): string | undefined {
  const { status, error, stderr } = spawnSync(program, words, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {},
    timeout: tryMilliseconds,
    encoding: 'utf8',
  });
  if (status === 0) return undefined;
  return `a network namespace cannot be made (${error?.message ?? (stderr.trim() || `exit code ${status}`)})`;
}

/** What of it can be seen. */
export function readIsolationFacts(uid: number): IsolationFacts {
  const find = (name: string): string | undefined =>
    ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find((path) => existsSync(path));
  return { uid, unshare: find('unshare'), mount: find('mount'), hasNamespaces: existsSync('/proc/self/ns/net') };
}

/** One line for people. Only root can try. */
export function describeIsolation(uid: number, triedAs: number): string {
  const facts = readIsolationFacts(uid);
  const problem = triedAs === 0 ? networkIsolation(facts).problem() : visibleProblem(facts);
  if (problem === undefined) return 'can be withheld (network namespaces)';
  return `cannot be withheld (${problem}): nothing is installed that is to have none (extensions.agent.installnetwork)`;
}
