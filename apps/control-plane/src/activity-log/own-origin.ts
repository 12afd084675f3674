import type { Environment } from '../environment.ts';
import type { EventOrigin } from './event-origin.ts';

/** Where an event comes from that the control plane is the author of: nobody asked for it. */
export function ownOrigin(
  environment: Environment,
  tenantId: string,
  subscriptionId: string,
  resourceId: string,
  action: string,
): EventOrigin {
  const request = environment.guid();
  return {
    tenantId,
    subscriptionId,
    resourceGroup: '',
    resourceId,
    action,
    caller: 'control-plane',
    claims: {},
    correlationId: request,
    operationId: request,
    clientRequestId: '',
    clientIpAddress: '',
    method: '',
    uri: '',
  };
}
