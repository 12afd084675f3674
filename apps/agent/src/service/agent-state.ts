import type { AgentConfig } from '../connection/agent-config.ts';
import { agentVersion } from '../connection/agent-version.ts';
import type { AgentState } from '../metadata-service/answer-locally.ts';
import type { Environment } from '../platform/environment.ts';
import { connectionStatus, statusOfConnection } from './connection-status.ts';

/** The state of the agent as the local endpoint tells it. */
export function agentState(environment: Environment, config: AgentConfig | undefined): AgentState {
  const status = statusOfConnection(environment, config);
  return {
    status: connectionStatus(environment, config, status),
    lastHeartBeat: status?.lastHeartbeat ?? '',
    agentVersion,
    errorCode: status?.errorCode ?? '',
    errorDetails: status?.errorDetails ?? '',
  };
}
