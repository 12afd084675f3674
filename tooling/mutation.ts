/**
 * `npm run mutation [-- TARGET [FILE ...]]`: changes one thing at a time in the modules that decide, and sees whether a test
 * notices (docs/mutation.md). It works on a copy in a temporary directory, because Stryker writes the mutants into the sources:
 * the checkout is never touched.
 */
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { makeCopyDirectory, removeLeftCopies } from './mutation-copies.ts';
import { survivors } from './mutation-survivors.ts';
import { startGroup } from './process-group.ts';

const root = join(import.meta.dirname, '..');

interface Target {
  /** Patterns of the sources to mutate. */
  readonly mutate: readonly string[];
  /** Patterns of the tests that have to notice. */
  readonly tests: readonly string[];
  /** Patterns of tests that are too slow to run for every mutant: it is noticed without them or it survives. */
  readonly without: readonly string[];
}

const targets: Readonly<Record<string, Target>> = {
  'local-controls': {
    mutate: ['packages/local-controls/src/**/*.ts', '!**/*.test.ts', '!**/*.oracle.ts'],
    tests: ['packages/local-controls/src/**/*.test.ts'],
    without: ['**/decide-random.test.ts'],
  },
  'machine-statement': {
    mutate: [
      'packages/machine-statement/src/*.ts',
      'apps/agent/src/statements/judge-checkpoint.ts',
      'apps/agent/src/statements/kept-checkpoints.ts',
      'apps/agent/src/statements/statement-due.ts',
      '!**/*.test.ts',
    ],
    tests: ['packages/machine-statement/src/*.test.ts', 'apps/agent/src/statements/*.test.ts'],
    without: [],
  },
  plan: {
    mutate: [
      'apps/agent/src/extensions/plan/*.ts',
      'apps/agent/src/extensions/permit.ts',
      'apps/agent/src/extensions/require-permission.ts',
      'apps/agent/src/extensions/executors.ts',
      '!**/*.test.ts',
      '!**/*.fixture.ts',
    ],
    tests: [
      'apps/agent/src/extensions/plan/*.test.ts',
      'apps/agent/src/extensions/{executors,permit,require-permission}.test.ts',
    ],
    without: ['**/plan-interrupted.test.ts'],
  },
  // With whole managers that install, go back and share handlers: takes hours.
  manager: {
    mutate: [
      'apps/agent/src/extensions/extension-manager.ts',
      'apps/agent/src/extensions/perform.ts',
      'apps/agent/src/extensions/keep-up.ts',
      'apps/agent/src/extensions/retreat.ts',
    ],
    tests: [
      'apps/agent/src/extensions/*.test.ts',
      'apps/agent/src/extensions/{limits/end-leftovers,network/install-network,orders/order-gate,run/said-while-failing,state/handler-state}.test.ts',
    ],
    without: [],
  },
};

/** Everything git knows or would take, as it is now: also what is not committed yet. */
function sourceFiles(): readonly string[] {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = spawnSync('git', args, { cwd: root, encoding: 'utf8' });
  if (listed.status !== 0) throw new Error(`git ls-files failed: ${listed.stderr}`);
  return listed.stdout.split('\0').filter((path) => path !== '' && existsSync(join(root, path)));
}

/** Installed packages are shared by links; our own are linked to the copy, so that a mutant is seen across packages. */
function linkModules(copy: string): void {
  const from = join(root, 'node_modules');
  const to = join(copy, 'node_modules');
  mkdirSync(join(to, '@sallyport'), { recursive: true });
  for (const name of readdirSync(from)) {
    if (name !== '@sallyport' && name !== '.vite') symlinkSync(join(from, name), join(to, name));
  }
  for (const kind of ['packages', 'apps']) {
    for (const name of readdirSync(join(copy, kind))) {
      symlinkSync(join('../..', kind, name), join(to, '@sallyport', name));
    }
  }
}

/** What has asked it to end; nothing more is begun then. */
let interrupted: NodeJS.Signals | undefined;

/** Runs one target and prints what survived; returns Stryker's exit code. */
async function mutate(
  name: string,
  { mutate: all, tests, without }: Target,
  files: readonly string[],
): Promise<number> {
  const copy = makeCopyDirectory(tmpdir());
  try {
    for (const file of sourceFiles()) {
      mkdirSync(dirname(join(copy, file)), { recursive: true });
      copyFileSync(join(root, file), join(copy, file));
    }
    linkModules(copy);
    writeFileSync(
      join(copy, 'vitest.mutation.config.ts'),
      `export default { test: { include: ${JSON.stringify(tests)}, exclude: ${JSON.stringify(without)}, testTimeout: 60_000, expect: { poll: { timeout: 10_000 } } } };\n`,
    );
    process.stdout.write(`\nMutating ${name}\n`);
    const chosen = (files.length > 0 ? files : all).join(',');
    const stryker = join(root, 'node_modules/.bin/stryker');
    const code = await run(stryker, ['run', '--mutate', chosen], copy);
    const report = join(copy, 'mutation.json');
    if (existsSync(report)) process.stdout.write(survivors(readFileSync(report, 'utf8')));
    return code;
  } finally {
    // Who was ended may be in the middle of a file.
    rmSync(copy, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** Gives its exit code. It ends with all of its workers before the copy goes. */
async function run(program: string, words: readonly string[], cwd: string): Promise<number> {
  if (interrupted !== undefined) return 1;
  const group = startGroup(program, words, cwd);
  ending = () => group.end();
  const code = await group.code;
  ending = () => undefined;
  return code;
}

let ending = (): void => undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    interrupted = signal;
    ending();
  });

removeLeftCopies(tmpdir());
const [asked, ...files] = process.argv.slice(2);
for (const [name, target] of Object.entries(targets)) {
  if ((asked !== undefined && asked !== name) || interrupted !== undefined) continue;
  process.exitCode = Math.max(Number(process.exitCode ?? 0), await mutate(name, target, files));
}
if (interrupted !== undefined) process.exitCode = 128 + constants.signals[interrupted];
if (asked !== undefined && targets[asked] === undefined) {
  process.stderr.write(`'${asked}' is not a target: ${Object.keys(targets).join(', ')}\n`);
  process.exitCode = 2;
}
