/**
 * `npm test`: types, lint, then every test. What follows `--` goes to vitest (`npm test -- packages/model`).
 * `--store postgres` keeps the state of every control plane that tests start in PostgreSQL; without it, in SQLite. Tests of the store
 * itself run on both either way. Root-only tests are left out for an ordinary user and named at the end.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { provideAzurite, usesAzurite } from './provide-azurite.ts';
import { startPostgres, storeVariable } from '@sallyport/testkit';
import { provideSystemPrograms, testPrograms } from './system-packages.ts';

const root = join(import.meta.dirname, '..');
const program = (name: string): string => join(root, 'node_modules/.bin', name);

const { isPostgres, others } = readStore(process.argv.slice(2));

const steps: readonly { readonly title: string; readonly command: string; readonly args: readonly string[] }[] = [
  { title: 'Types', command: program('tsc'), args: ['-p', root] },
  { title: 'Lint', command: program('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { title: 'Tests', command: program('vitest'), args: ['run', ...others] },
];

provideSystemPrograms(testPrograms);
if (usesAzurite(others)) provideAzurite();
process.exitCode = isPostgres ? await withPostgres(runSteps) : runSteps({});

function runSteps(variables: Readonly<Record<string, string>>): number {
  for (const step of steps) {
    process.stdout.write(`\n${step.title}\n`);
    const env = { ...process.env, ...variables };
    const run = spawnSync(step.command, step.args, { cwd: root, stdio: 'inherit', env });
    if (run.status !== 0) {
      process.stdout.write(`\n${step.title}: failed (see above).\n`);
      return run.status ?? 1;
    }
  }
  return 0;
}

async function withPostgres(run: (variables: Readonly<Record<string, string>>) => number): Promise<number> {
  const server = await startPostgres({ settings: ['max_connections=1000'] });
  try {
    return run({ [storeVariable]: server.socket });
  } finally {
    await server.stop();
  }
}

function readStore(words: readonly string[]): { readonly isPostgres: boolean; readonly others: readonly string[] } {
  const at = words.indexOf('--store');
  if (at < 0) return { isPostgres: false, others: words };
  const store = words[at + 1];
  if (store !== 'postgres' && store !== 'sqlite') {
    process.stderr.write(`--store is sqlite or postgres, not '${store ?? ''}'.\n`);
    process.exit(2);
  }
  return { isPostgres: store === 'postgres', others: words.toSpliced(at, 2) };
}
