/** T43: network namespaces as the kernel makes them, and what stands against them. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { networkIsolation, readIsolationFacts, visibleProblem, type IsolationFacts } from './network-isolation.ts';

const able: IsolationFacts = { uid: 0, unshare: '/usr/bin/unshare', mount: '/usr/bin/mount', hasNamespaces: true };

test.each<[string, Partial<IsolationFacts>, string | undefined]>([
  ['nothing', {}, undefined],
  ['an ordinary user', { uid: 1000 }, 'the agent does not run as root'],
  ['no namespaces', { hasNamespaces: false }, 'the kernel has no network namespaces'],
  ['no unshare', { unshare: undefined }, "the program 'unshare' (util-linux) is missing"],
  ['no mount', { mount: undefined }, "the program 'mount' is missing"],
])('T43 what stands against it: %s', (_what, change, problem) => {
  expect(visibleProblem({ ...able, ...change })).toBe(problem);
});

test.each([
  ['refuses', '/bin/false', 'exit code 1'],
  ['is not there', '/nowhere/unshare', 'ENOENT'],
])('T43 an unshare that %s is a problem, and not found out by the command', (_what, unshare, reason) => {
  const problem = networkIsolation({ ...able, unshare }).problem();
  expect(problem).toContain('a network namespace cannot be made');
  expect(problem).toContain(reason);
});

const isolation = networkIsolation(readIsolationFacts(process.geteuid?.() ?? -1));
const problem = isolation.problem();

test.skipIf(problem !== undefined)(
  `T43 a command without a network has loopback of its own and nothing else${problem === undefined ? '' : ` (skipped: ${problem})`}`,
  async () => {
    const server = createServer((socket) => socket.end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    // Names of devices; the state of loopback; whether what listens on the machine's own loopback can be reached; words stay words.
    const script = `tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '
      echo "routes: $(tail -n +2 /proc/net/route | wc -l)"
      ${process.execPath} -e '
        const { createServer, connect } = require("node:net");
        const outer = connect(${port}, "127.0.0.1").on("error", (e) => console.log("outer", e.code)).on("connect", () => { console.log("outer reached"); outer.end(); });
        connect(9, "192.0.2.1").on("error", (e) => console.log("away", e.code));
        const inner = createServer((s) => { s.end(); inner.close(); }).listen(0, "127.0.0.1", () => connect(inner.address().port, "127.0.0.1").on("connect", () => console.log("inner reached")).on("error", (e) => { console.log("inner", e.code); inner.close(); }).resume());'
      echo "$1"`;
    const run = (words: readonly string[]) =>
      spawnSync(words[0] ?? '', words.slice(1), { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
    try {
      const finished = run(isolation.launch(['/bin/sh', '-c', script, 'sh', 'a $(b) "c"']));
      expect(finished.stderr).toBe('');
      const lines = finished.stdout.trim().split('\n');
      expect(lines.filter((line) => /^(lo|outer|inner|away|routes)/.test(line)).toSorted()).toEqual([
        'away ENETUNREACH',
        'inner reached',
        'lo',
        'outer ECONNREFUSED',
        'routes: 0',
      ]);
      expect(lines.at(-1)).toBe('a $(b) "c"');
      // The mounts of the machine are the command's own, and its exit code is told.
      expect(run(isolation.launch(['/bin/sh', '-c', 'readlink /proc/self/ns/mnt'])).stdout).toBe(
        run(['/bin/sh', '-c', 'readlink /proc/self/ns/mnt']).stdout,
      );
      expect(run(isolation.launch(['/bin/sh', '-c', 'exit 7'])).status).toBe(7);
    } finally {
      server.close();
    }
  },
);
