/** `npm run crash [-- OPERATION …]`: the extension manager killed just before every single call that changes the disk, and started again. */
import { crashMachine, crashOperations, type CrashOperation } from './crash-machine.ts';
import { killedAt } from './killed-at.ts';

const known = Object.keys(crashOperations) as readonly CrashOperation[];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(known as readonly string[]).includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no operation '${unknown.join("', '")}'. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}
using machine = await crashMachine();
for (const operation of known.filter((name) => asked.length === 0 || asked.includes(name))) {
  await machine.reset(operation);
  const run = await machine.start(operation, { imagine: true });
  const calls = run?.calls ?? 0;
  const problems = [...(run?.violations ?? [])];
  for (let call = 1; call <= calls; call += 1) problems.push(...(await killedAt(machine, operation, call)));
  process.stdout.write(`${operation}: ${calls} calls that change the disk or start a process\n`);
  process.stdout.write(`  power lost after each: ${run?.violations.length ?? 0} violations\n`);
  process.stdout.write(
    `  killed before each, started again: ${problems.length - (run?.violations.length ?? 0)} violations\n`,
  );
  for (const problem of problems) process.stdout.write(`  ${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}
