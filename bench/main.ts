/** `npm run bench [-- NAME …]`: prints figures with ratios to a floor or a peer of the same run. Never judges. */
import { benchPrograms, provideSystemPrograms } from '../tooling/system-packages.ts';
import { printMachine } from './report.ts';

/** Every benchmark, by name. */
const benchmarks: Readonly<Record<string, () => Promise<{ readonly run: () => Promise<void> }>>> = {
  decision: () => import('./decision.ts'),
  policy: () => import('./policy.ts'),
  'activity-log': () => import('./activity-log.ts'),
  start: () => import('./start.ts'),
  operation: () => import('./operation.ts'),
  package: () => import('./package.ts'),
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !Object.hasOwn(benchmarks, name));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no benchmark '${unknown.join("', '")}'. There are: ${Object.keys(benchmarks).join(', ')}.\n`,
  );
  process.exit(2);
}
provideSystemPrograms(benchPrograms);
printMachine();
for (const [name, load] of Object.entries(benchmarks)) {
  if (asked.length === 0 || asked.includes(name)) await (await load()).run();
}
