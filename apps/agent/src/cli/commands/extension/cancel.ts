/** `azcmagent extension cancel`: ends the operation that is under way, where it is. An addition of ours; the agent is running. */
import { lockHolder } from '../../../platform/process-lock.ts';
import { agentLockPath } from '../../../service/agent-status.ts';
import { requestCancel } from '../../../service/cancel-requests.ts';
import { AzcmError } from '../../azcm-error.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(invocation: Invocation, { environment, voice, signal }: CommandContext): Promise<void> {
  const wanted = invocation.texts.get('name');
  const all = invocation.flags.has('all');
  if (all === (wanted !== undefined)) {
    throw new AzcmError('AZCM0016', 'Give either --name with the extension whose operation is to end, or --all.');
  }
  if (lockHolder(agentLockPath(environment.root)) === undefined) {
    throw new AzcmError('AZCM0061', 'The agent is not running, so no operation is under way on this machine.', [
      'An operation that the control plane still waits for is begun when the agent runs again; cancel it there.',
    ]);
  }
  const canceled = await requestCancel(environment, wanted, signal);
  if (canceled === undefined) {
    throw new AzcmError('AZCM0061', 'The agent did not answer; it may be starting or stopping.', [
      'Run this command again. See what it is doing with: azcmagent show',
    ]);
  }
  if (canceled.length === 0) {
    const what = wanted === undefined ? 'No operation' : `No operation on '${wanted}'`;
    throw new AzcmError('AZCM0023', `${what} is under way on this machine.`, [
      'See the extensions with: azcmagent extension list',
    ]);
  }
  for (const name of canceled) voice.info(`Canceled the operation on ${name}; the control plane is told.`);
  voice.value({ status: 'success', canceled });
}
