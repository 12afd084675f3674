/** Subscriptions, tenants and locations: what clients ask first when they sign in (arm-api §4.2). */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { readTags } from '../../arm/tags.ts';
import type { Access } from '../../rbac/access.ts';
import { inStretch } from '../../resources/reach/in-stretch.ts';
import { orderByGroup, stretchesWithin } from '../../resources/reach/reach.ts';
import { wholeList } from '../../resources/reach/stretch.ts';
import type { Services } from '../../services.ts';
import type { Selectable } from 'kysely';
import { idOfMachine } from '../microsoft.hybridcompute/machine-view.ts';
import { machineType } from '../microsoft.hybridcompute/provider.ts';
import type { SubscriptionRow } from '../../store/schema/resource-rows.ts';

const groupRead = 'Microsoft.Resources/subscriptions/resourceGroups/read';

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
          const { subscriptionId = '' } = id;
          requireTouch(access, `/subscriptions/${subscriptionId}`);
          const names = await locationsInUse(store.read, subscriptionId, access);
          return list(names.map((name) => location(subscriptionId, name)));
        },
      },
    },
  ];
}

function requireTouch(access: Access, subscription: string): void {
  if (!access.touches(subscription)) access.require('Microsoft.Resources/subscriptions/read', subscription);
}

/** Locations are words that people choose; those in use are the ones there are, as far as the caller may see what uses them (T86). */
async function locationsInUse(
  reader: Services['store']['read'],
  subscriptionId: string,
  access: Access,
): Promise<readonly string[]> {
  const groups = await reader
    .selectFrom('resource_groups')
    .select(['name', 'location'])
    .where('subscription_id', '=', subscriptionId)
    .execute();
  const found = new Set<string>();
  for (const { name, location: place } of groups)
    if (access.permits(groupRead, `/subscriptions/${subscriptionId}/resourceGroups/${name}`)) found.add(place);
  const machineRead = `${machineType}/read`;
  const narrowing = { subscriptionId, group: undefined };
  for (const stretch of stretchesWithin(orderByGroup(2), narrowing, access.scopesOf(machineRead))) {
    const machines = reader
      .selectFrom('machines')
      .where('subscription_id', '=', subscriptionId)
      .where(inStretch(['group_key', 'name_key'], stretch, undefined));
    // The whole list for somebody who may not read it whole: of more roles than there are questions to ask (decision 0236).
    const isTooMuch = stretch === wholeList && !access.permits(machineRead, `/subscriptions/${subscriptionId}`);
    const rows = isTooMuch
      ? (await machines.select(['location', 'subscription_id', 'group_name', 'name']).execute()).filter((machine) =>
          access.permits(machineRead, idOfMachine(machine)),
        )
      : await machines.select('location').distinct().execute();
    for (const { location: place } of rows) found.add(place);
  }
  return [...found].sort();
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
