/** Subscriptions, tenants and locations: what clients ask first when they sign in (arm-api §4.2). */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { readTags } from '../../arm/tags.ts';
import type { Access } from '../../rbac/access.ts';
import type { Services } from '../../services.ts';
import type { Selectable } from 'kysely';
import type { SubscriptionRow } from '../../store/schema/resource-rows.ts';

/** The rows of the registry. */
export function subscriptions({ store, endpoint }: Services): readonly ResourceType[] {
  const all = (): Promise<Selectable<SubscriptionRow>[]> =>
    store.read.selectFrom('subscriptions').selectAll().orderBy('subscription_id').execute();
  const common = { apiVersions: 'any', resource: 'none' } as const;
  return [
    {
      ...common,
      type: 'Microsoft.Resources/subscriptions',
      scopes: ['tenant'],
      policy: 'all',
      taggable: true,
      authorization: { item: 'handler', collection: 'handler' },
      // Whoever holds a role anywhere in a subscription has to find the way there.
      collection: {
        GET: async ({ access }) =>
          list((await all()).filter((row) => access.touches(`/subscriptions/${row.subscription_id}`)).map(view)),
      },
      item: {
        GET: async ({ id, access }) => {
          const row = (await all()).find(({ subscription_id }) => subscription_id === id.subscriptionId);
          if (row !== undefined) requireTouch(access, `/subscriptions/${row.subscription_id}`);
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
      authorization: { collection: 'signed-in' },
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
      authorization: { collection: 'handler' },
      collection: {
        GET: async ({ id, access }) => {
          requireTouch(access, `/subscriptions/${id.subscriptionId ?? ''}`);
          return list(
            (await locationsInUse(store.read, id.subscriptionId ?? '')).map((name) =>
              location(id.subscriptionId ?? '', name),
            ),
          );
        },
      },
    },
  ];
}

function requireTouch(access: Access, subscription: string): void {
  if (!access.touches(subscription)) access.require('Microsoft.Resources/subscriptions/read', subscription);
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

function view(row: Selectable<SubscriptionRow>): unknown {
  return {
    id: `/subscriptions/${row.subscription_id}`,
    subscriptionId: row.subscription_id,
    tenantId: row.tenant_id,
    displayName: row.display_name,
    tags: readTags(row.tags),
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
