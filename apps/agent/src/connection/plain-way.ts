/** Requests to the agent API as requests of HTTP, each by itself: every way to a control plane lets these pass. */
import type { AgentWay } from './agent-exchange.ts';
import type { HttpClient } from './http-client.ts';

/** The address of the agent API for one machine, without an end. */
export function agentApiAddress(endpoint: string, vmId: string): string {
  return `${endpoint}/agent/v1/machines/${encodeURIComponent(vmId)}/`;
}

/** Sends to the addresses below `base`. */
export function plainWay(http: HttpClient, base: string): AgentWay {
  return ({ what, body, maximumBytes, timeoutMilliseconds }, token, signal) =>
    http.request(
      {
        method: what === 'goal-state' ? 'GET' : 'POST',
        url: new URL(what, base),
        headers: {
          authorization: `Bearer ${token}`,
          accept: 'application/json',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body }),
        timeoutMilliseconds,
        signal,
      },
      maximumBytes,
    );
}
