/** Deployments in the store, and one that nobody works on any more. */
import { parseJson } from '@sallyport/model';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import { endedEvent } from '../activity-log/events-of.ts';
import type { PlainResource } from '../resources/plain-resource.ts';
import type { Services } from '../services.ts';
import { deploymentSchema, deploymentType, isOver, type Deployment } from './deployment.ts';

type Stores = Pick<Services, 'store' | 'environment'>;

/** How long a running deployment may be silent before it counts as interrupted. Milliseconds. */
const silenceMilliseconds = 60_000;

/** The deployment of a row. */
export function deploymentOf(row: PlainResource): Deployment {
  return parseJson(deploymentSchema, row.properties, `The deployment '${row.resource_id}'`);
}

/** Keeps how far a deployment is. Progress is no change of a resource; its end is, and has its event. */
export async function keepDeployment(
  { store, environment }: Stores,
  key: string,
  deployment: Deployment,
  origin: EventOrigin,
): Promise<void> {
  const { error, provisioningState } = deployment;
  const events = isOver(deployment)
    ? [
        endedEvent(environment, origin, {
          status: provisioningState === 'Succeeded' ? 'Succeeded' : 'Failed',
          subStatus: error?.code ?? 'OK',
          ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
        }),
      ]
    : [];
  await store.observe(async (writer) => {
    await writer
      .updateTable('plain_resources')
      .set({ properties: JSON.stringify(deployment), changed_at: environment.now() })
      .where('resource_key', '=', key)
      .execute();
    return { value: undefined, events };
  });
}

/**
 * Ends deployments that nobody works on: whoever did was stopped. What a template held in secret was with it, so that it cannot be gone
 * on with; whoever asked deploys again, which is safe.
 */
export async function endInterrupted({ store, environment }: Stores, tenantId: string): Promise<void> {
  const rows = await store.read
    .selectFrom('plain_resources')
    .selectAll()
    .where('type', '=', deploymentType)
    .where('changed_at', '<', environment.now() - silenceMilliseconds)
    .execute();
  for (const row of rows) {
    const deployment = deploymentOf(row);
    if (isOver(deployment)) continue;
    const error = {
      code: 'DeploymentInterrupted',
      message: 'The control plane was stopped while it deployed. What is done stays; deploy again for the rest.',
    };
    const endedAt = new Date(environment.now()).toISOString();
    const origin = originOfDeployment(row, deployment, tenantId);
    await keepDeployment(
      { store, environment },
      row.resource_key,
      { ...deployment, provisioningState: 'Failed', endedAt, error },
      origin,
    );
  }
}

function originOfDeployment(row: PlainResource, { correlationId }: Deployment, tenantId: string): EventOrigin {
  return {
    tenantId,
    subscriptionId: row.subscription_id,
    resourceGroup: row.group_key,
    resourceId: row.resource_id,
    action: `${deploymentType}/write`,
    caller: row.changed_by,
    claims: {},
    correlationId,
    operationId: correlationId,
    clientRequestId: '',
    clientIpAddress: '',
    method: 'PUT',
    uri: row.resource_id,
  };
}
