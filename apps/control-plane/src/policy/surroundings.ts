/** What rules may ask about the world around a resource: its subscription and its group. */
import type { ResourceId } from '@sallyport/model';
import { readTags } from '../arm/tags.ts';
import type { Services } from '../services.ts';
import type { Surroundings } from './assigned-policy.ts';

/** The surroundings of an id, now. `apiVersion` is what `requestContext()` tells. */
export async function surroundingsOf(
  { store, environment }: Pick<Services, 'store' | 'environment'>,
  id: ResourceId,
  apiVersion: string,
): Promise<Surroundings> {
  const subscriptionId = id.subscriptionId ?? '';
  const subscription = await store.read
    .selectFrom('subscriptions')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .executeTakeFirst();
  const group = await store.read
    .selectFrom('resource_groups')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .where('name_key', '=', (id.resourceGroup ?? '').toLowerCase())
    .executeTakeFirst();
  return {
    requestContext: { apiVersion },
    subscription: {
      id: `/subscriptions/${subscriptionId}`,
      subscriptionId,
      displayName: subscription?.display_name ?? '',
      tenantId: subscription?.tenant_id ?? '',
      tags: { ...readTags(subscription?.tags ?? '{}') },
    },
    resourceGroup:
      group === undefined
        ? { name: id.resourceGroup ?? '', tags: {} }
        : {
            id: `/subscriptions/${subscriptionId}/resourceGroups/${group.name}`,
            name: group.name,
            type: 'Microsoft.Resources/resourceGroups',
            location: group.location,
            tags: { ...readTags(group.tags) },
          },
    utcNow: new Date(environment.now()).toISOString(),
  };
}
