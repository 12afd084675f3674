/** The version of this agent: what `azcmagent version` and every heartbeat say. */
export const agentVersion = '0.1.0';
