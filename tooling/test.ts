/**
 * `npm test`: types, lint, then every test. What follows `--` goes to vitest (`npm test -- packages/model`).
 * Root-only tests are left out for an ordinary user and named at the end.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { provideAzurite, usesAzurite } from './provide-azurite.ts';
import { provideSystemPrograms, testPrograms } from './system-packages.ts';

const root = join(import.meta.dirname, '..');
const program = (name: string): string => join(root, 'node_modules/.bin', name);

const steps: readonly { readonly title: string; readonly command: string; readonly args: readonly string[] }[] = [
  { title: 'Types', command: program('tsc'), args: ['-p', root] },
  { title: 'Lint', command: program('oxlint'), args: ['--type-aware', '--deny-warnings'] },
  { title: 'Tests', command: program('vitest'), args: ['run', ...process.argv.slice(2)] },
];

provideSystemPrograms(testPrograms);
if (usesAzurite(process.argv.slice(2))) provideAzurite();
for (const step of steps) {
  process.stdout.write(`\n${step.title}\n`);
  const run = spawnSync(step.command, step.args, { cwd: root, stdio: 'inherit' });
  if (run.status !== 0) {
    process.stdout.write(`\n${step.title}: failed (see above).\n`);
    process.exit(run.status ?? 1);
  }
}
