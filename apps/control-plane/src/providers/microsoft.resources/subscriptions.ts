/** Subscriptions, tenants and locations: what clients ask first when they sign in (arm-api §4.2). */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import type { SubscriptionRow } from '../../store/schema.ts';

/** The rows of the registry. */
export function subscriptions({ store, endpoint }: Services): readonly ResourceType[] {
  const all = (): Promise<SubscriptionRow[]> =>
    store.read.selectFrom('subscriptions').selectAll().orderBy('subscription_id').execute();
  const common = { apiVersions: 'any', resource: 'none' } as const;
  return [
    {
      ...common,
      type: 'Microsoft.Resources/subscriptions',
      scopes: ['tenant'],
      collection: { GET: async () => list((await all()).map(view)) },
      item: {
        GET: async ({ id }) => {
          const row = (await all()).find(({ subscription_id }) => subscription_id === id.subscriptionId);
          if (row === undefined)
            throw new ArmError(
              'SubscriptionNotFound',
              `The subscription '${id.subscriptionId ?? ''}' could not be found.`,
            );
          return { status: 200, body: view(row) };
        },
      },
    },
    {
      ...common,
      type: 'Microsoft.Resources/tenants',
      scopes: ['tenant'],
      collection: {
        GET: () => {
          const { tenantId } = endpoint;
          const tenant = {
            id: `/tenants/${tenantId}`,
            tenantId,
            displayName: 'Sallyport',
            tenantCategory: 'Home',
            defaultDomain: 'sallyport',
            domains: [],
          };
          return Promise.resolve(list([tenant]));
        },
      },
    },
    {
      ...common,
      type: 'Microsoft.Resources/locations',
      scopes: ['subscription'],
      collection: {
        GET: async ({ id }) =>
          list(
            (await locationsInUse(store.read, id.subscriptionId ?? '')).map((name) =>
              location(id.subscriptionId ?? '', name),
            ),
          ),
      },
    },
  ];
}

/** Locations are words that people choose; those in use are the ones there are. */
async function locationsInUse(reader: Services['store']['read'], subscriptionId: string): Promise<readonly string[]> {
  const groups = await reader
    .selectFrom('resource_groups')
    .select('location')
    .distinct()
    .where('subscription_id', '=', subscriptionId)
    .execute();
  const machines = await reader
    .selectFrom('machines')
    .select('location')
    .distinct()
    .where('subscription_id', '=', subscriptionId)
    .execute();
  return [...new Set([...groups, ...machines].map(({ location }) => location))].sort();
}

function location(subscriptionId: string, name: string): unknown {
  return {
    id: `/subscriptions/${subscriptionId}/locations/${name}`,
    name,
    type: 'Region',
    displayName: name,
    regionalDisplayName: name,
    metadata: { regionType: 'Physical', regionCategory: 'Recommended', geographyGroup: 'Sallyport' },
  };
}

function list(value: readonly unknown[]): ArmResponse {
  return { status: 200, body: { value, count: { type: 'Total', value: value.length } } };
}

function view(row: SubscriptionRow): unknown {
  return {
    id: `/subscriptions/${row.subscription_id}`,
    subscriptionId: row.subscription_id,
    tenantId: row.tenant_id,
    displayName: row.display_name,
    state: 'Enabled',
    subscriptionPolicies: {
      locationPlacementId: 'Public_2014-09-01',
      quotaId: 'Internal_2014-09-01',
      spendingLimit: 'Off',
    },
    authorizationSource: 'RoleBased',
    managedByTenants: [],
  };
}
