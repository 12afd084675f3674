/** `npm run bench [-- NAME …] [--idle-seconds N] [--machines N] [--fleet-store sqlite|postgres] [--plain-requests]`: prints figures with ratios to a floor or a peer of the same run. Never judges. */
import { parseArgs } from 'node:util';
import { benchPrograms, provideSystemPrograms } from '../tooling/system-packages.ts';
import { printMachine } from './report.ts';

interface BenchOptions {
  /** How long the idle agent is watched. */
  readonly idleSeconds: number;
  /** How many machines the fleet has. */
  readonly machines: number;
  /** Where the fleet's control plane keeps its state. */
  readonly fleetStore: 'sqlite' | 'postgres';
  readonly plainRequests: boolean;
}

interface Benchmark {
  run(options: BenchOptions): Promise<void>;
}

/** Every benchmark, by name. */
const benchmarks: Readonly<Record<string, () => Promise<Benchmark>>> = {
  decision: () => import('./decision.ts'),
  policy: () => import('./policy.ts'),
  'activity-log': () => import('./activity-log.ts'),
  heartbeats: () => import('./heartbeats.ts'),
  start: () => import('./start.ts'),
  operation: () => import('./operation.ts'),
  package: () => import('./package.ts'),
  gallery: () => import('./gallery.ts'),
  hostile: () => import('./hostile.ts'),
  idle: () => import('./idle.ts'),
  fleet: () => import('./fleet.ts'),
  lists: () => import('./lists.ts'),
};

const { values, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: {
    'idle-seconds': { type: 'string', default: '600' },
    machines: { type: 'string', default: '20000' },
    'fleet-store': { type: 'string', default: 'sqlite' },
    'plain-requests': { type: 'boolean', default: false },
  },
});
const idleSeconds = Number(values['idle-seconds']);
if (!Number.isSafeInteger(idleSeconds) || idleSeconds < 1) {
  process.stderr.write(`--idle-seconds is a whole number from 1, not '${values['idle-seconds']}'.\n`);
  process.exit(2);
}
const machines = Number(values.machines);
if (!Number.isSafeInteger(machines) || machines < 1) {
  process.stderr.write(`--machines is a whole number from 1, not '${values.machines}'.\n`);
  process.exit(2);
}
const plainRequests = values['plain-requests'];
const fleetStore = values['fleet-store'];
if (fleetStore !== 'sqlite' && fleetStore !== 'postgres') {
  process.stderr.write(`--fleet-store is sqlite or postgres, not '${fleetStore}'.\n`);
  process.exit(2);
}
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
  if (asked.length === 0 || asked.includes(name))
    await (await load()).run({ idleSeconds, machines, fleetStore, plainRequests });
}
