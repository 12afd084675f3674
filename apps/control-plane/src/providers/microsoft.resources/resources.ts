/** `GET …/resources`: tracked resources of a subscription or group, without their properties (arm-api §0.8). */
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseFilter, type Comparison } from '../../arm/filter.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { readTags } from '../../arm/tags.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { provisioningStateOf } from '../microsoft.hybridcompute/extension-view.ts';
import { licenseProfileType, licenseType } from '../microsoft.hybridcompute/licenses.ts';
import { privateLinkScopeType } from '../microsoft.hybridcompute/private-link-scopes.ts';
import { parseResourceId } from '@sallyport/model';
import { idOfMachine, type Machine } from '../microsoft.hybridcompute/machine-view.ts';
import { extensionType, machineType } from '../microsoft.hybridcompute/provider.ts';

const trackedPlainTypes: readonly string[] = [licenseType, licenseProfileType, privateLinkScopeType];

interface ListedResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly group: string;
  readonly identity?: unknown;
  /** Of what changes at once there is no other. */
  readonly provisioningState?: string;
  readonly times: { readonly created_at: number; readonly changed_at: number };
}

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

async function listResources({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const keep = matcher(parseFilter(request.query.get('$filter')));
  const group = request.id.resourceGroup?.toLowerCase();
  const all = await tracked(store.read, request.id.subscriptionId ?? '', endpoint.tenantId);
  const after = wanted.after ?? '';
  const rows = all
    .filter(({ id, type }) => request.access.permits(`${type}/read`, id))
    .filter((resource) => (group === undefined || resource.group.toLowerCase() === group) && keep(resource))
    .filter((resource) => keyOf(resource) > after)
    .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return {
    status: 200,
    body: page(endpoint.url, request, wanted, rows, keyOf, viewWith(request.query.get('$expand'))),
  };
}

function keyOf({ id }: ListedResource): string {
  return id.toLowerCase();
}

/** As listed; with what `$expand` asks for beside it. */
function viewWith(expand: string | undefined): (resource: ListedResource) => unknown {
  const asked = new Set((expand ?? '').toLowerCase().split(','));
  const time = (milliseconds: number): string => new Date(milliseconds).toISOString();
  return ({ group: _group, times, provisioningState = 'Succeeded', ...shown }) => ({
    ...shown,
    ...(asked.has('createdtime') ? { createdTime: time(times.created_at) } : {}),
    ...(asked.has('changedtime') ? { changedTime: time(times.changed_at) } : {}),
    ...(asked.has('provisioningstate') ? { provisioningState } : {}),
  });
}

function namesOf(id: string): string {
  return parseResourceId(id)?.providers.at(-1)?.names.join('/') ?? '';
}

async function tracked(reader: Reader, subscriptionId: string, tenantId: string): Promise<readonly ListedResource[]> {
  const machines = await reader
    .selectFrom('machines')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .execute();
  const extensions = await reader
    .selectFrom('extensions')
    .innerJoin('machines', 'machines.vm_id', 'extensions.vm_id')
    .select(['extensions.vm_id', 'extensions.name', 'extensions.location', 'extensions.tags'])
    .innerJoin('operations', 'operations.operation_id', 'extensions.operation_id')
    .select(['extensions.created_at', 'extensions.changed_at', 'operations.kind', 'operations.state'])
    .where('machines.subscription_id', '=', subscriptionId)
    .execute();
  const byId = new Map<string, Machine>(machines.map((machine) => [machine.vm_id, machine]));
  const plain = await reader
    .selectFrom('plain_resources')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .where('type', 'in', trackedPlainTypes)
    .execute();
  return [
    ...plain.map((row) => ({
      id: row.resource_id,
      name: namesOf(row.resource_id),
      type: row.type,
      location: row.location ?? '',
      tags: readTags(row.tags),
      group: parseResourceId(row.resource_id)?.resourceGroup ?? '',
      times: row,
    })),
    ...machines.map((machine) => ({
      id: idOfMachine(machine),
      name: machine.name,
      type: machineType,
      location: machine.location,
      tags: readTags(machine.tags),
      identity: { principalId: machine.principal_id, tenantId, type: 'SystemAssigned' },
      group: machine.group_name,
      times: machine,
    })),
    ...extensions.flatMap((extension) => {
      const machine = byId.get(extension.vm_id);
      if (machine === undefined) return [];
      return {
        id: `${idOfMachine(machine)}/extensions/${extension.name}`,
        name: `${machine.name}/${extension.name}`,
        type: extensionType,
        location: extension.location,
        tags: readTags(extension.tags),
        group: machine.group_name,
        times: extension,
        provisioningState: provisioningStateOf(extension),
      };
    }),
  ];
}

/** Fields that can be asked for. `tagname` and `tagvalue` belong together. */
function matcher(comparisons: readonly Comparison[]): (resource: ListedResource) => boolean {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
  const tagValue = comparisons.find(({ field }) => field === 'tagvalue')?.value;
  const tests = comparisons.map(({ field, operator, value }): ((resource: ListedResource) => boolean) => {
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
