/** T43 on machines where network namespaces cannot be had, as in most containers: the kernel refuses, and `azcmagent show` says so. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { memoryDirectory } from '@sallyport/testkit';
import { describe, expect, test } from 'vitest';
import { networkIsolation, readIsolationFacts } from './network-isolation.ts';

const agent = join(import.meta.dirname, '../../main.ts');

/** Words that start a program where the kernel makes no network namespaces, and what it says to whoever asks. */
const machines = {
  'a container without CAP_SYS_ADMIN': {
    enter: ['setpriv', '--bounding-set', '-sys_admin', '--inh-caps', '-sys_admin', '--'],
    says: 'unshare: unshare failed: Operation not permitted',
  },
  'a container whose limit of network namespaces is none': {
    enter: [
      'unshare',
      '--user',
      '--map-root-user',
      '--',
      '/bin/sh',
      '-c',
      'echo 0 > /proc/sys/user/max_net_namespaces && exec "$@"',
      'sh',
    ],
    says: 'unshare: unshare failed: No space left on device',
  },
} as const;

function run(enter: readonly string[], words: readonly string[], variables: NodeJS.ProcessEnv = {}) {
  const [file = '', ...rest] = [...enter, ...words];
  return spawnSync(file, rest, { encoding: 'utf8', env: { PATH: process.env['PATH'], ...variables } });
}

function shown(enter: readonly string[], root: string): string {
  const { status, stdout, stderr } = run(enter, [process.execPath, agent, 'show', '--json'], { AZCMAGENT_ROOT: root });
  expect([status, stderr]).toEqual([0, '']);
  return (JSON.parse(stdout) as { readonly installNetwork: string }).installNetwork;
}

describe.each(Object.entries(machines))('T43 in %s', (_where, { enter, says }) => {
  test.runIf(process.geteuid?.() === 0 && run(enter, ['true']).status === 0)(
    'azcmagent show says that no network can be withheld, why, and what that means (needs root, setpriv and user namespaces)',
    () => {
      using directory = memoryDirectory('no-namespaces');
      expect(shown(enter, directory.path)).toBe(
        `allowed; cannot be withheld (a network namespace cannot be made (${says})): nothing is installed that is to have none (extensions.agent.installnetwork)`,
      );
    },
  );
});

const here = networkIsolation(readIsolationFacts(process.geteuid?.() ?? -1)).problem();

test.skipIf(here !== undefined)('T43 azcmagent show says that it can be withheld, after having tried', () => {
  using directory = memoryDirectory('namespaces');
  expect(shown([], directory.path)).toBe('allowed; can be withheld (network namespaces)');
});

test.skipIf(here !== undefined)(
  'T43 a machine that makes the namespace and lets nobody mount is one that cannot',
  () => {
    const facts = { ...readIsolationFacts(0), mount: '/bin/false' };
    expect(networkIsolation(facts).problem()).toBe(
      'a network namespace cannot be made (azcmagent: the command cannot be kept from the network: loopback does not come up)',
    );
  },
);
