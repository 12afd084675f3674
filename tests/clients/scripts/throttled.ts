/** The unmodified `@azure/arm-hybridcompute` client while its caller has used up what it may ask for. */
import { HybridComputeManagementClient } from '@azure/arm-hybridcompute';
import { answer, clientOptions, collect, credential, operator } from './session.ts';

const client = new HybridComputeManagementClient(credential, operator.subscriptionId, clientOptions);
const statuses: number[] = [];
client.pipeline.addPolicy(
  {
    name: 'seen',
    sendRequest: async (request, next) => {
      const response = await next(request);
      if (request.url.includes('Microsoft.HybridCompute')) statuses.push(response.status);
      return response;
    },
  },
  { afterPhase: 'Retry' },
);
/** Calls until the control plane has refused once; no call may fail for it. */
async function pastTheLimit(call: () => Promise<unknown>): Promise<readonly number[]> {
  statuses.length = 0;
  while (!statuses.includes(429) && statuses.length < 500) await call();
  return [...statuses];
}

const reads = await pastTheLimit(() => collect(client.machines.listBySubscription()));
const writes = await pastTheLimit(() =>
  client.privateLinkScopes.createOrUpdate('Fleet', 'throttled', { location: 'here' }),
);
answer({ reads, writes });
