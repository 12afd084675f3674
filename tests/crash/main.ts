/**
 * `npm run crash [-- OPERATION …]`: the extension manager cut off before every single call that changes the disk or starts a
 * process, by a kill, and after every one by a loss of power; and started again on every disk that this leaves. A disk that is
 * left at several moments is started on once. Where processes run beside the manager it is really killed, at every call.
 */
import { join } from 'node:path';
import { crashMachine, leavesProcesses, type CrashMachine } from './crash-machine.ts';
import { crashOperations, type CrashOperationName } from './crash-operations.ts';
import { killedAt, startedOver } from './killed-at.ts';

/** What was done, as a line of the output, and what did not hold. */
interface Seen {
  readonly what: string;
  readonly problems: readonly string[];
}

async function everyCut(machine: CrashMachine, operation: CrashOperationName): Promise<readonly Seen[]> {
  const folder = machine.folderForDisks();
  await machine.reset(operation);
  const run = await machine.start(operation, { imagine: true, keepDisks: folder });
  if (run === undefined) return [{ what: operation, problems: ['somebody else killed it'] }];
  const { calls, violations, disks } = run;
  const seen: Seen[] = [
    { what: `${operation}: ${calls} calls that change the disk or start a process`, problems: [] },
    { what: '  power lost after each, looked at', problems: violations },
  ];
  for (const cut of ['loss of power', 'kill'] as const) {
    if (cut === 'kill' && leavesProcesses(operation)) continue;
    const problems: string[] = [];
    const left = disks.map((disk, index) => ({ disk, path: join(folder, String(index + 1)) }));
    const these = left.filter(({ disk }) => disk.by === cut);
    for (const { disk, path } of these) problems.push(...(await startedOver(machine, operation, path, disk)));
    seen.push({ what: `  ${cut} at each, started again on the ${these.length} disks that leaves`, problems });
  }
  if (leavesProcesses(operation)) {
    const problems: string[] = [];
    for (let call = 1; call <= calls; call += 1) problems.push(...(await killedAt(machine, operation, call)));
    seen.push({ what: '  killed before each, started again', problems });
  }
  return seen;
}

const known = Object.keys(crashOperations) as readonly CrashOperationName[];
const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(known as readonly string[]).includes(name));
if (unknown.length > 0) {
  process.stderr.write(`There is no operation '${unknown.join("', '")}'. There are: ${known.join(', ')}.\n`);
  process.exit(2);
}
using machine = await crashMachine();
for (const operation of known.filter((name) => asked.length === 0 || asked.includes(name))) {
  for (const { what, problems } of await everyCut(machine, operation)) {
    const none = what.startsWith(' ') ? `: ${problems.length} violations` : '';
    process.stdout.write(`${what}${none}\n`);
    for (const problem of problems) process.stdout.write(`    ${problem}\n`);
    if (problems.length > 0) process.exitCode = 1;
  }
}
