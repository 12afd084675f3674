/** Whether this machine is connected, in the words of `azcmagent show` and `/agentstatus`. Reads state files only. */
import type { AgentConfig } from '../connection/agent-config.ts';
import type { Environment } from '../platform/environment.ts';
import { readAgentStatus, type AgentStatus } from './agent-status.ts';

/** Without a heartbeat for this long a machine counts as disconnected. Milliseconds. */
const connectedMilliseconds = 15 * 60 * 1000;

/** The running agent's own word, as long as it is about this connection. */
export function statusOfConnection(environment: Environment, config: AgentConfig | undefined): AgentStatus | undefined {
  const status = readAgentStatus(environment.root);
  return status?.vmId === config?.vmId ? status : undefined;
}

/** Refusals of the centre that last until somebody acts. */
const refusals: ReadonlyMap<string, 'Quarantined' | 'Expired'> = new Map([
  ['MachineQuarantined', 'Quarantined'],
  ['MachineKeyExpired', 'Expired'],
]);

export function connectionStatus(
  environment: Environment,
  config: AgentConfig | undefined,
  status: AgentStatus | undefined,
): 'Connected' | 'Disconnected' | 'Quarantined' | 'Expired' {
  const refused = config === undefined ? undefined : refusals.get(status?.errorCode ?? '');
  if (refused !== undefined) return refused;
  const last = Date.parse(status?.lastHeartbeat ?? '');
  const recent = !Number.isNaN(last) && environment.now() - last < connectedMilliseconds;
  return config !== undefined && recent ? 'Connected' : 'Disconnected';
}
