// Runs a program of this workspace with the Node it pins, after installing what is missing.
//   node tooling/bootstrap.mjs PROGRAM.ts [ARG ...]
// Plain JavaScript for whatever Node the machine has (20 or newer): everything else here runs on the pinned one.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makePinnedNodeRun } from './pinned-node.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const pinnedNode = join(root, 'node_modules/.bin/node');
const stamp = join(root, 'node_modules/.sallyport-installed');
// npm's own settings reach us through `npm start`; these would change where or what the installation writes.
const environment = Object.fromEntries(
  Object.entries(process.env).filter(
    ([name]) => !/^npm_(config_(global|prefix|omit|include|production)|package|lifecycle)/i.test(name),
  ),
);

const machinePath = (environment.PATH ?? '')
  .split(':')
  .filter((directory) => !directory.includes('node_modules'))
  .join(':');

/** What the installation depends on: when none of it changed since the last one, there is nothing to install. */
function wanted() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'package-lock.json', '.npmrc']) hash.update(readFileSync(join(root, file)));
  return hash.digest('hex');
}

function installed() {
  return existsSync(pinnedNode) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted();
}

if (!installed()) {
  process.stderr.write('Installing what the workspace needs …\n');
  // Not `npm ci`: it insists on lock entries for native parts of every platform there is, and mirrors hold some of them only.
  // What is in the lock file is installed exactly as locked; nothing is written back.
  const install = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    // npm is a Node program too, and must not be run by a pinned Node that does not start yet.
    env: { ...environment, PATH: machinePath },
    stdio: ['ignore', 2, 2],
  });
  if (install.error !== undefined || install.status !== 0 || !existsSync(pinnedNode)) {
    process.stderr.write(
      'The installation failed: see the lines above. Check that npm 11 or newer can reach its registry, then run the same command again.\n',
    );
    process.exit(1);
  }
  const trouble = makePinnedNodeRun(join(root, 'node_modules'));
  if (trouble !== undefined) {
    process.stderr.write(`${trouble}\n`);
    process.exit(1);
  }
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, wanted());
}

const [program, ...args] = process.argv.slice(2);
const path = `${join(root, 'node_modules/.bin')}:${environment.PATH ?? ''}`;
const child = spawn(pinnedNode, [join(root, program), ...args], {
  stdio: 'inherit',
  env: { ...environment, PATH: path },
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + (constants.signals[signal] ?? 0)));
