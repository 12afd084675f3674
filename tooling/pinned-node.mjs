// Makes the pinned Node run on a machine that lacks a library it is linked to. Debian 12 as installed has no libatomic1, which
// official builds of Node 26 need. Root installs it; an ordinary user gets it beside the pinned Node, where it changes nothing else.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Why the program does not start, or undefined when it does. */
function troubleWith(pinnedNode) {
  const run = spawnSync(pinnedNode, ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? undefined : (run.stderr ?? '') + (run.error?.message ?? '');
}

function quietly(command, args, options = {}) {
  return (
    spawnSync(command, args, {
      stdio: ['ignore', 'ignore', 2],
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      ...options,
    }).status === 0
  );
}

/** Fetches the library and `patchelf` as an ordinary user may, and tells the pinned Node alone where the library lies. */
function bringAlong(pinnedNode, modules) {
  const folder = join(modules, '.debian');
  rmSync(folder, { recursive: true, force: true });
  for (const part of ['lists/partial', 'cache/archives/partial', 'tree'])
    mkdirSync(join(folder, part), { recursive: true });
  const own = [
    '-qq',
    '-o',
    `Dir::State::Lists=${join(folder, 'lists')}`,
    '-o',
    `Dir::Cache=${join(folder, 'cache')}`,
    '-o',
    'Debug::NoLocking=1',
  ];
  if (!quietly('apt-get', [...own, 'update'], { cwd: folder })) return;
  if (!quietly('apt-get', [...own, 'download', 'libatomic1', 'patchelf'], { cwd: folder })) return;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.deb')))
    quietly('dpkg', ['-x', file, 'tree'], { cwd: folder });
  const library = readdirSync(join(folder, 'tree/usr/lib'), { recursive: true }).find((name) =>
    name.endsWith('/libatomic.so.1'),
  );
  if (library === undefined) return;
  const beside = join(dirname(dirname(pinnedNode)), 'lib');
  mkdirSync(beside, { recursive: true });
  copyFileSync(join(folder, 'tree/usr/lib', library), join(beside, 'libatomic.so.1'));
  quietly(join(folder, 'tree/usr/bin/patchelf'), ['--set-rpath', '$ORIGIN/../lib', pinnedNode]);
  rmSync(folder, { recursive: true, force: true });
}

/** Returns undefined when the pinned Node runs (now), else one sentence that says what to do. `modules` is `node_modules`. */
export function makePinnedNodeRun(modules) {
  const pinnedNode = join(modules, 'node/bin/node');
  const before = troubleWith(pinnedNode);
  if (before === undefined) return undefined;
  if (!before.includes('libatomic.so.1')) return `The pinned Node does not start: ${before.trim()}`;
  process.stderr.write('The pinned Node needs the library libatomic1; getting it from Debian …\n');
  if (process.getuid() === 0) {
    quietly('apt-get', ['-qq', 'update']);
    quietly('apt-get', ['-qq', 'install', '-y', '--no-install-recommends', 'libatomic1']);
  } else bringAlong(pinnedNode, modules);
  return troubleWith(pinnedNode) === undefined
    ? undefined
    : 'The pinned Node needs the library libatomic1, which could not be had. Install it (Debian: apt-get install libatomic1) and run the same command again.';
}
