/** `GET …/resources`: tracked resources of a subscription or group, without their properties (arm-api §0.8). */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseFilter, type Comparison } from '../../arm/filter.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import type { Narrowing, TrackedResource } from './tracked/tracked-resource.ts';
import { trackedResources, type ListedResource } from './tracked/tracked-resources.ts';

/** The row of the registry. */
export function resources(services: Services): ResourceType {
  return {
    type: 'Microsoft.Resources/resources',
    scopes: ['subscription', 'resourceGroup'],
    authorization: { collection: 'handler' },
    apiVersions: 'any',
    resource: 'none',
    collection: { GET: (request) => listResources(services, request) },
  };
}

/** A page of the resources that fit the filter and that the caller may read. Throws {@link ArmError}. */
export async function listResources(
  { store, endpoint, pageSize }: Pick<Services, 'store' | 'endpoint' | 'pageSize'>,
  request: Pick<ArmRequest, 'id' | 'path' | 'query' | 'access'>,
): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const comparisons = parseFilter(request.query.get('$filter'));
  const keep = matcher(comparisons);
  const narrowing = narrowingOf(comparisons, request);
  const rows: ListedResource[] = [];
  const query = { reader: store.read, narrowing, tenantId: endpoint.tenantId };
  for await (const found of trackedResources(query, wanted.after, wanted.size + 1)) {
    rows.push(
      ...found.filter((resource) => keep(resource) && request.access.permits(`${resource.type}/read`, resource.id)),
    );
    // One more than the page holds tells that there is another.
    if (rows.length > wanted.size) break;
  }
  const show = viewWith(request.query.get('$expand'));
  return { status: 200, body: page(endpoint.url, request, wanted, rows, (row) => row.listPlace, show) };
}

/** What of the filter the database can hold rows against. */
function narrowingOf(comparisons: readonly Comparison[], request: Pick<ArmRequest, 'id' | 'access'>): Narrowing {
  const exactly = (field: string): string | undefined =>
    comparisons.find((one) => one.field === field && one.operator === 'eq')?.value;
  const equal = (field: string): string | undefined => exactly(field)?.toLowerCase();
  const tagName = exactly('tagname');
  return {
    subscriptionId: request.id.subscriptionId ?? '',
    group: request.id.resourceGroup?.toLowerCase() ?? equal('resourcegroup'),
    type: equal('resourcetype'),
    name: equal('name'),
    location: equal('location'),
    tag: tagName === undefined ? undefined : { name: tagName, value: exactly('tagvalue') },
    access: request.access,
  };
}

/** As listed; with what `$expand` asks for beside it. */
function viewWith(expand: string | undefined): (resource: ListedResource) => unknown {
  const asked = new Set((expand ?? '').toLowerCase().split(','));
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return ({ group: _group, listPlace: _place, times, provisioningState = 'Succeeded', ...shown }) => ({
    ...shown,
    ...(asked.has('createdtime') ? { createdTime: time(times.created_at) } : {}),
    ...(asked.has('changedtime') ? { changedTime: time(times.changed_at) } : {}),
    ...(asked.has('provisioningstate') ? { provisioningState } : {}),
  });
}

/** Fields that can be asked for. `tagname` and `tagvalue` belong together. */
function matcher(comparisons: readonly Comparison[]): (resource: TrackedResource) => boolean {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const tagValue = comparisons.find(({ field }) => field === 'tagvalue')?.value;
  if (tagValue !== undefined && !comparisons.some(({ field }) => field === 'tagname'))
    throw new ArmError('InvalidFilter', "The $filter asks for a tagvalue; say with tagname which tag's.");
  const tests = comparisons.map(({ field, operator, value }): ((resource: TrackedResource) => boolean) => {
    if (operator !== 'eq' && operator !== 'ne')
      throw new ArmError(
        'InvalidFilter',
        `The $filter operator '${operator}' is not possible on '${field}'; use eq or ne.`,
      );
    if (operator === 'ne' && (field === 'tagname' || field === 'tagvalue'))
      throw new ArmError('InvalidFilter', `The $filter operator 'ne' is not possible on '${field}'; use eq.`);
    const asked = (actual: string): boolean => same(actual, value) === (operator === 'eq');
    switch (field) {
      case 'resourcetype':
        return ({ type }) => asked(type);
      case 'resourcegroup':
        return ({ group }) => asked(group);
      case 'name':
        return ({ name }) => asked(name);
      case 'location':
        return ({ location }) => asked(location);
      case 'tagname':
        return ({ tags }) =>
          Object.entries(tags).some(
            ([name, actual]) => same(name, value) && (tagValue === undefined || actual === tagValue),
          );
      case 'tagvalue':
        return () => true;
      default:
        throw new ArmError(
          'InvalidFilter',
          `The $filter field '${field}' is not possible here; there are resourceType, resourceGroup, name, location, tagname and tagvalue.`,
        );
    }
  });
  return (resource) => tests.every((test) => test(resource));
}
