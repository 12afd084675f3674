/**
 * `privateLinkScopes` with their private endpoint connections: which machines are to reach the control plane privately, as policies and
 * templates say it. The network itself is not made here.
 */
import type { ResourceId } from '@sallyport/model';
import * as z from 'zod/mini';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { findPlain, plainResource, propertiesOfPlain, type PlainResource } from '../../resources/plain-resource.ts';
import { stableGuid } from '../../resources/stable-guid.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { parentMachine } from './machine-rows.ts';
import { apiVersions, machineType, namespace } from './provider.ts';

export const privateLinkScopeType = `${namespace}/privateLinkScopes`;
const connectionType = `${privateLinkScopeType}/privateEndpointConnections`;

const text = z.optional(z.string().check(z.maxLength(1024)));
const scopeSchema = z.object({ publicNetworkAccess: text });
const connectionSchema = z.object({
  privateEndpoint: z.optional(z.object({ id: text })),
  privateLinkServiceConnectionState: z.optional(z.object({ status: text, description: text })),
});

/** The rows of the registry. */
export function privateLinkScopes(services: Services): readonly ResourceType[] {
  return [
    plainResource(services, {
      type: privateLinkScopeType,
      scopes: ['subscription', 'resourceGroup'],
      apiVersions,
      resource: 'tracked',
      policy: 'indexed',
      introduced: { '2022-03-10': ['privateEndpointConnections'] },
      created: 201,
      removed: 200,
      location: 'required',
      nameForm: /^[A-Za-z0-9_.-]{1,255}$/,
      properties: scopeSchema,
      shown: async (reader, row) => ({
        // As Azure has it: private is what is asked for, and not what one gets by saying nothing.
        publicNetworkAccess: accessOf(row),
        privateLinkScopeId: stableGuid(row.resource_key),
        privateEndpointConnections: await connectionsOf(reader, row),
      }),
    }),
    plainResource(services, {
      type: connectionType,
      scopes: ['resourceGroup'],
      apiVersions,
      resource: 'none',
      policy: 'all',
      introduced: { '2022-03-10': ['groupIds'] },
      created: 200,
      removed: 200,
      location: 'none',
      nameForm: /^[A-Za-z0-9_.-]{1,255}$/,
      properties: connectionSchema,
      shown: (_reader, row) => Promise.resolve(shownConnection(row)),
      parentId: async (reader, id) => (await requireScope(reader, id)).resource_id,
    }),
    ...privateLinkResources(services),
    ...validationDetails(services),
  ];
}

function accessOf(row: Pick<PlainResource, 'properties'>): string {
  return (propertiesOfPlain(row) as z.infer<typeof scopeSchema>).publicNetworkAccess ?? 'Disabled';
}

function shownConnection(row: PlainResource): Readonly<Record<string, unknown>> {
  const { privateLinkServiceConnectionState: state } = propertiesOfPlain(row) as z.infer<typeof connectionSchema>;
  return {
    groupIds: ['hybridcompute'],
    ...(state === undefined ? {} : { privateLinkServiceConnectionState: { ...state, actionsRequired: 'None' } }),
  };
}

async function connectionsOf(reader: Reader, scope: PlainResource): Promise<readonly unknown[]> {
  const rows = await reader
    .selectFrom('plain_resources')
    .selectAll()
    .where('type', '=', connectionType)
    .where('resource_key', '>', `${scope.resource_key}/`)
    .where('resource_key', '<', `${scope.resource_key}0`)
    .orderBy('resource_key')
    .execute();
  return rows.map((row) => ({
    id: row.resource_id,
    name: row.resource_id.split('/').at(-1),
    type: connectionType,
    properties: { ...propertiesOfPlain(row), ...shownConnection(row), provisioningState: 'Succeeded' },
  }));
}

async function requireScope(reader: Reader, of: ResourceId): Promise<PlainResource> {
  const name = of.providers.at(-1)?.names[0] ?? '';
  const { subscriptionId = '', resourceGroup = '' } = of;
  const id = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/${privateLinkScopeType}/${name}`;
  const row = await findPlain(reader, id);
  if (row !== undefined) return row;
  throw new ArmError(
    'ParentResourceNotFound',
    `The private link scope '${name.slice(0, 255)}' was not found in resource group '${resourceGroup}'.`,
  );
}

/** There is one thing to link to: `hybridcompute`. */
function privateLinkResources({ store }: Services): readonly ResourceType[] {
  const type = `${privateLinkScopeType}/privateLinkResources`;
  const view = (scope: PlainResource): unknown => ({
    id: `${scope.resource_id}/privateLinkResources/hybridcompute`,
    name: 'hybridcompute',
    type,
    properties: { groupId: 'hybridcompute', requiredMembers: ['HybridCompute'], requiredZoneNames: [] },
  });
  return [
    {
      type,
      scopes: ['resourceGroup'],
      apiVersions,
      resource: 'none',
      collection: {
        GET: async (request) => ({ status: 200, body: { value: [view(await requireScope(store.read, request.id))] } }),
      },
      item: {
        GET: async (request) => {
          const scope = await requireScope(store.read, request.id);
          const group = request.id.providers.at(-1)?.names[1] ?? '';
          if (group.toLowerCase() === 'hybridcompute') return { status: 200, body: view(scope) };
          throw new ArmError('ResourceNotFound', `There is no private link resource '${group.slice(0, 100)}'.`);
        },
      },
    },
  ];
}

/** What an agent asks before it connects privately: by the scope's GUID, or by the machine. */
function validationDetails({ store }: Services): readonly ResourceType[] {
  const details = (row: PlainResource): ArmResponse => ({
    status: 200,
    body: { id: row.resource_id, publicNetworkAccess: accessOf(row), connectionDetails: [] },
  });
  const notFound = (what: string): ArmError =>
    new ArmError('ResourceNotFound', `There is no private link scope ${what.slice(0, 200)}.`);
  return [
    {
      type: `${namespace}/locations/privateLinkScopes`,
      scopes: ['subscription'],
      apiVersions,
      resource: 'none',
      authorization: { item: 'handler' },
      item: {
        GET: async ({ id, access }) => {
          const guid = id.providers.at(-1)?.names[1]?.toLowerCase() ?? '';
          const rows = await store.read
            .selectFrom('plain_resources')
            .selectAll()
            .where('type', '=', privateLinkScopeType)
            .where('subscription_id', '=', id.subscriptionId ?? '')
            .execute();
          const row = rows.find(({ resource_key }) => stableGuid(resource_key) === guid);
          if (row === undefined) throw notFound(`with the id '${guid}'`);
          access.require(`${privateLinkScopeType}/read`, row.resource_id);
          return details(row);
        },
      },
    },
    {
      type: `${machineType}/privateLinkScopes`,
      scopes: ['resourceGroup'],
      apiVersions,
      resource: 'none',
      item: {
        GET: async ({ id }) => {
          const machine = await parentMachine(store.read, id);
          const { privateLinkScopeResourceId } = JSON.parse(machine.properties) as Record<string, unknown>;
          const scope = typeof privateLinkScopeResourceId === 'string' ? privateLinkScopeResourceId : '';
          const isCurrent = id.providers.at(-1)?.names[1]?.toLowerCase() === 'current';
          const row = isCurrent ? await findPlain(store.read, scope) : undefined;
          if (row === undefined) throw notFound(`of the machine '${machine.name}'`);
          return details(row);
        },
      },
    },
  ];
}
