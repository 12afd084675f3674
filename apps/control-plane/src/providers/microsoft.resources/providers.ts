/** `GET providers`, `GET providers/{namespace}`, `POST …/register`: which types there are, with their api-versions (arm-api §4.3). */
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { aliasesOf, type Alias } from '../../policy/aliases.ts';
import type { Services } from '../../services.ts';

/** Versions shown for types that accept every one. */
const shownVersions = ['2025-04-01', '2022-12-01', '2021-04-01', '2019-11-01'];

/** The rows of the registry that show the registry. `types` are all rows but these. */
export function providers(services: Services, types: readonly ResourceType[]): readonly ResourceType[] {
  const namespaces = [...new Set(types.map(({ type }) => type.split('/')[0] ?? ''))];
  const view = (namespace: string, { id, query }: ArmRequest): unknown => ({
    ...(id.subscriptionId === undefined ? {} : { id: `/subscriptions/${id.subscriptionId}/providers/${namespace}` }),
    namespace,
    registrationState: 'Registered',
    registrationPolicy: 'RegistrationRequired',
    resourceTypes: types
      .filter(({ type }) => type.startsWith(`${namespace}/`))
      .map(({ type, apiVersions, resource }) => ({
        resourceType: type.slice(namespace.length + 1),
        locations: [],
        apiVersions: apiVersions === 'any' ? shownVersions : apiVersions,
        capabilities: resource === 'tracked' ? 'SupportsTags, SupportsLocation' : 'None',
        ...(/\baliases\b/i.test(query.get('$expand') ?? '') ? { aliases: aliasesOf(type).map(shownAlias) } : {}),
      })),
  });
  const one = (request: ArmRequest): string => {
    const asked = request.id.providers[0]?.namespace ?? '';
    const namespace = namespaces.find((known) => known.toLowerCase() === asked.toLowerCase());
    if (namespace === undefined)
      throw new ArmError('InvalidResourceNamespace', `The resource namespace '${asked.slice(0, 100)}' is invalid.`);
    return namespace;
  };
  const common = { scopes: ['tenant', 'subscription'], apiVersions: 'any', resource: 'none' } as const;
  return [
    {
      ...common,
      type: 'Microsoft.Resources/providers',
      authorization: { item: 'signed-in', collection: 'signed-in' },
      collection: {
        GET: (request) =>
          Promise.resolve({ status: 200, body: { value: namespaces.map((namespace) => view(namespace, request)) } }),
      },
      item: { GET: (request) => Promise.resolve({ status: 200, body: view(one(request), request) }) },
    },
    ...namespaces.map((namespace): ResourceType => ({
      ...common,
      type: `${namespace}/register`,
      scopes: ['subscription'],
      collection: { POST: (request) => register(services, request, view(namespace, request)) },
    })),
  ];
}

function shownAlias({ name, path, type, isModifiable }: Alias): unknown {
  const metadata = { type, attributes: isModifiable ? 'Modifiable' : 'None' };
  return { name, type: 'PlainText', defaultPath: path, defaultMetadata: metadata, paths: [] };
}

/** Every provider is always registered; asking for it is recorded like any write. */
async function register({ store, environment }: Services, request: ArmRequest, body: unknown): Promise<ArmResponse> {
  // The action is the provider's own, without the verb that the path already is: `Microsoft.HybridCompute/register/action`.
  await store.change(() =>
    Promise.resolve({
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
    }),
  );
  return { status: 200, body };
}
