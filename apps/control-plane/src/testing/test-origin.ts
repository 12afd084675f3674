/** The origin of a request for tests: a write of an extension. */
import type { EventOrigin } from '../activity-log/event-origin.ts';

export function testOrigin(operationId: string): EventOrigin {
  return {
    tenantId: 't',
    subscriptionId: 's',
    resourceGroup: 'g',
    resourceId: '/subscriptions/s/resourceGroups/g/providers/Microsoft.HybridCompute/machines/m/extensions/e',
    action: 'Microsoft.HybridCompute/machines/extensions/write',
    caller: 'caller',
    claims: {},
    correlationId: 'correlation',
    operationId,
    clientRequestId: '',
    clientIpAddress: '127.0.0.1',
    method: 'PUT',
    uri: 'https://localhost/',
  };
}
