/** `GET …/resources`: tracked resources of a subscription or group, without their properties (arm-api §0.8). */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseFilter, type Comparison } from '../../arm/filter.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { trackedAfter, type Narrowing, type TrackedResource } from './tracked-resources.ts';

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

/** Rows that are read at once when a page's worth of rows gave no page: some are left out by the filter or because the caller may not see them. */
const chunk = 500;

async function listResources({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const comparisons = parseFilter(request.query.get('$filter'));
  const keep = matcher(comparisons);
  const narrowing = narrowingOf(comparisons, request);
  const rows: TrackedResource[] = [];
  let place = wanted.after;
  let limit = Math.min(wanted.size + 1, chunk);
  do {
    const { resources: found, next } = await trackedAfter(store.read, narrowing, endpoint.tenantId, place, limit);
    if (found.length > 0) limit = chunk;
    rows.push(
      ...found.filter((resource) => keep(resource) && request.access.permits(`${resource.type}/read`, resource.id)),
    );
    place = next;
    // One more than the page holds tells that there is another.
  } while (place !== undefined && rows.length <= wanted.size);
  const show = viewWith(request.query.get('$expand'));
  return { status: 200, body: page(endpoint.url, request, wanted, rows, (row) => row.place, show) };
}

/** What of the filter the database can hold rows against. */
function narrowingOf(comparisons: readonly Comparison[], request: ArmRequest): Narrowing {
  const equal = (field: string): string | undefined =>
    comparisons.find((one) => one.field === field && one.operator === 'eq')?.value.toLowerCase();
  return {
    subscriptionId: request.id.subscriptionId ?? '',
    group: request.id.resourceGroup?.toLowerCase() ?? equal('resourcegroup'),
    type: equal('resourcetype'),
    name: equal('name'),
    location: equal('location'),
    tagName: equal('tagname'),
    tagValue: equal('tagvalue'),
  };
}

/** As listed; with what `$expand` asks for beside it. */
function viewWith(expand: string | undefined): (resource: TrackedResource) => unknown {
  const asked = new Set((expand ?? '').toLowerCase().split(','));
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return ({ group: _group, place: _place, times, provisioningState = 'Succeeded', ...shown }) => ({
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
  const tests = comparisons.map(({ field, operator, value }): ((resource: TrackedResource) => boolean) => {
    if (operator !== 'eq' && operator !== 'ne')
      throw new ArmError(
        'InvalidFilter',
        `The $filter operator '${operator}' is not possible on '${field}'; use eq or ne.`,
      );
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
