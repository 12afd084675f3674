/** `azcmagent version`. */
import { agentVersion } from '../../../connection/agent-version.ts';
import type { CommandContext, Invocation } from '../../command.ts';

export async function run(_invocation: Invocation, { voice }: CommandContext): Promise<void> {
  voice.line(`azcmagent version ${agentVersion}`);
  voice.value({ version: agentVersion });
}
