/** `azcmagent run`: the services of the agent, for containers and for development. */
import { realpathSync } from 'node:fs';
import { agentLockPath } from '../../../service/agent-status.ts';
import { becomeResident } from '../../../service/resident.ts';
import { runAgentHost } from '../../../service/agent-host.ts';
import { leaveNoDumps } from '../../../platform/no-dumps.ts';
import { takeProcessLock } from '../../../platform/process-lock.ts';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(_invocation: Invocation, context: CommandContext): Promise<void> {
  const { environment, voice, signal } = context;
  becomeResident();
  const lock = takeProcessLock(agentLockPath(environment.root));
  if (!lock.taken) {
    throw new AzcmError('AZCM0090', `The agent of this machine is running already (process ${lock.holder}).`);
  }
  leaveNoDumps();
  // Handlers and what they write count on it (handler contract §2).
  process.umask(0o022);
  try {
    voice.info('The agent is running.');
    await runAgentHost({
      environment,
      program: realpathSync(process.argv[1] ?? ''),
      signal,
      say: (text) => voice.info(text),
    });
    voice.info('The agent has stopped.');
  } finally {
    lock.release();
  }
}
