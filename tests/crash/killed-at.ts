/** Cut off once, and started again. */
import { crashOperation, type CrashOperationName } from './crash-operations.ts';
import type { CrashMachine } from './crash-machine.ts';
import type { KeptDisk } from './machine-process.ts';

/** Kills the operation just before its n-th call and starts it again; says what did not hold, nothing if all did. */
export async function killedAt(
  machine: CrashMachine,
  operation: CrashOperationName,
  call: number,
): Promise<readonly string[]> {
  const where = `${operation} killed before call ${call}`;
  await machine.reset(operation);
  const killed = await machine.start(operation, { dieAt: call });
  if (killed !== undefined) return [`${where}: it was over before that`];
  return [
    ...machine.look().violations.map((violation) => `${where}: ${violation}`),
    ...missing(machine, operation, where, (await machine.start(operation))?.end ?? 'killed'),
  ];
}

/** Starts the operation again on a disk that such a cut has left. */
export async function startedOver(
  machine: CrashMachine,
  operation: CrashOperationName,
  disk: string,
  { by, when }: KeptDisk,
): Promise<readonly string[]> {
  const isEnd = await machine.startOver(disk, operation, by);
  return missing(machine, operation, `${operation}, ${by} ${when}`, isEnd, by);
}

/** What is not as it has to be once the operation has arrived. */
function missing(
  machine: CrashMachine,
  operation: CrashOperationName,
  where: string,
  isEnd: string,
  by: KeptDisk['by'] = 'kill',
): readonly string[] {
  const { end, left, sharing = '', afterPowerLoss } = crashOperation(operation);
  const lost = by === 'kill' ? undefined : afterPowerLoss;
  const problems: string[] = [];
  if (!(lost?.end ?? end).test(isEnd)) problems.push(`started again it ended as ${isEnd}`);
  const found = machine.look();
  const is = found.states.join(', ');
  if (lost === undefined ? is !== left : !lost.left.test(is))
    problems.push(`it arrived at '${is}' instead of '${left}'`);
  const shared = found.sharing.join(', ');
  if (shared !== sharing) problems.push(`it is shared by '${shared}' instead of '${sharing}'`);
  problems.push(
    ...[...found.violations, ...found.shownWrongly, ...machine.leftovers()].map((text) => `started again: ${text}`),
  );
  return problems.map((problem) => `${where}: ${problem}`);
}
