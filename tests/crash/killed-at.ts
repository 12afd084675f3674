/** One kill and one start. */
import { crashOperations, type CrashMachine, type CrashOperation } from './crash-machine.ts';

/** Kills the operation just before its n-th call and starts it again; says what did not hold, nothing if all did. */
export async function killedAt(
  machine: CrashMachine,
  operation: CrashOperation,
  call: number,
): Promise<readonly string[]> {
  const { end, left } = crashOperations[operation];
  const where = `${operation} killed before call ${call}`;
  await machine.reset(operation);
  const killed = await machine.start(operation, { dieAt: call });
  if (killed !== undefined) return [`${where}: it was over before that`];
  const problems = machine.look().violations.map((violation) => `${where}: ${violation}`);
  const again = await machine.start(operation);
  if (again === undefined || !end.test(again.end))
    problems.push(`${where}: started again it ended as ${again?.end ?? 'killed'}`);
  const { states, violations } = machine.look();
  if (states.join(', ') !== left) problems.push(`${where}: it arrived at '${states.join(', ')}' instead of '${left}'`);
  problems.push(...[...violations, ...machine.leftovers()].map((text) => `${where}, started again: ${text}`));
  return problems;
}
