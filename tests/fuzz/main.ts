/** `npm run fuzz -- TARGET [--executions N] [--seed N]`: inputs changed at random, the same ones for the same seed. */
import { parseArgs } from 'node:util';
import { fuzz, FuzzFinding } from './fuzz.ts';
import { targets } from './targets.ts';

const usage = `Usage: npm run fuzz -- TARGET [--executions N] [--seed N]\n${Object.entries(targets)
  .map(([name, { reads }]) => `  ${name.padEnd(14)} ${reads}\n`)
  .join('')}`;

function refuse(reason: string): never {
  process.stderr.write(`${reason}\n${usage}`);
  process.exit(2);
}

function wholeNumber(text: string, option: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1) refuse(`--${option} is a whole number from 1, not '${text}'.`);
  return value;
}

function readArguments(): { readonly name: string; readonly executions: number; readonly seed: number } {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { executions: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '20261125' } },
    });
    const [name, ...more] = positionals;
    if (name === undefined || more.length > 0) return refuse('Name one target.');
    return { name, executions: wholeNumber(values.executions, 'executions'), seed: wholeNumber(values.seed, 'seed') };
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const { name, executions, seed } = readArguments();
const target = Object.hasOwn(targets, name) ? targets[name] : undefined;
if (target === undefined) refuse(`There is no target '${name}'.`);
const begun = performance.now();
const seconds = (): string => ((performance.now() - begun) / 1000).toFixed(1);
try {
  const run = await fuzz(target, executions, seed, (done) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${done} of ${executions}, ${seconds()} s `);
  });
  const { slowest } = run;
  process.stdout.write(
    `${name}: ${run.executions} executions in ${seconds()} s, seed ${seed}: ${run.accepted} accepted, ${run.refused} refused, no finding. ` +
      `Slowest ${slowest.milliseconds.toFixed(1)} ms (${slowest.input.length} bytes). Peak memory ${Math.round(process.resourceUsage().maxRSS / 1024)} MB.\n`,
  );
} catch (error) {
  if (!(error instanceof FuzzFinding)) throw error;
  process.stdout.write(
    `${name}: a finding at seed ${seed}, ${error.message}\nInput (base64): ${error.input.toString('base64')}\n`,
  );
  process.stdout.write(`${error.cause instanceof Error ? (error.cause.stack ?? '') : ''}\n`);
  process.exitCode = 1;
}
