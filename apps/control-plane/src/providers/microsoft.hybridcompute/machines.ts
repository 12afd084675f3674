/** The resource type `Microsoft.HybridCompute/machines`. */
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Access } from '../../rbac/access.ts';
import { inStretch } from '../../resources/reach/in-stretch.ts';
import { orderByGroup, stretchesWithin } from '../../resources/reach/reach.ts';
import { readWithin, type ListInStretches } from '../../resources/reach/read-within.ts';
import { betweenParts, taggedMachine } from '../../resources/tag-keys.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { machineLicenseProfiles } from './licenses.ts';
import { findMachine, heartbeatOf, machineNames, storedGroup } from './machine-rows.ts';
import { idOfMachine, machineView, type Machine } from './machine-view.ts';
import { apiVersions, machineType } from './provider.ts';
import { patchMachine, putMachine } from './put-machine.ts';
import { removeMachine } from './remove-machine.ts';

const readAction = `${machineType}/read`;

/** The row of the registry. */
export function machines(services: Services): ResourceType {
  return {
    type: machineType,
    scopes: ['subscription', 'resourceGroup'],
    policy: 'indexed',
    apiVersions,
    resource: 'tracked',
    introduced: introducedProperties,
    observed: observedProperties,
    item: {
      GET: (request) => getMachine(services, request),
      PUT: (request) => putMachine(services, request),
      PATCH: (request) => patchMachine(services, request),
      DELETE: (request) => deleteMachine(services, request),
    },
    authorization: { collection: 'filtered' },
    collection: { GET: (request) => listMachines(services, request) },
  };
}

const introducedProperties = {
  '2022-03-10': ['agentConfiguration', 'agentUpgrade', 'cloudMetadata', 'mssqlDiscovered', 'osType', 'serviceStatuses'],
  '2024-05-20': ['licenseProfile', 'networkProfile', 'osEdition'],
  '2026-06-16': ['statusReason'],
} as const;

/** What a machine says of itself, or what is known of it. */
const observedProperties = [
  'osProfile',
  'agentVersion',
  'machineFqdn',
  'dnsFqdn',
  'osName',
  'osVersion',
  'osSku',
  'osType',
  'vmUuid',
  'detectedProperties',
  'agentConfiguration',
  'serviceStatuses',
  'status',
  'statusReason',
  'lastStatusChange',
  'errorDetails',
  'clientPublicKey',
  'licenseProfile',
];

async function getMachine(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, endpoint, environment } = services;
  const machine = await findMachine(store.read, request.id);
  if (machine === undefined) {
    const { subscriptionId, group, machine: name } = machineNames(request.id);
    await storedGroup(store.read, subscriptionId, group);
    throw new ArmError(
      'ResourceNotFound',
      `The Resource '${machineType}/${name}' under resource group '${group}' was not found.`,
    );
  }
  const heartbeat = await heartbeatOf(store.read, machine.vm_id);
  const id = idOfMachine(machine);
  const license = (await machineLicenseProfiles(store.read, [id])).get(id.toLowerCase());
  return { status: 200, body: machineView(machine, heartbeat, endpoint.tenantId, environment.now(), license) };
}

/** A page of the machines of a group or a subscription that the caller may read. Throws {@link ArmError}. */
export async function listMachines(
  { store, endpoint, environment, pageSize }: Pick<Services, 'store' | 'endpoint' | 'environment' | 'pageSize'>,
  request: Pick<ArmRequest, 'id' | 'path' | 'query' | 'access'>,
): Promise<ArmResponse> {
  const { subscriptionId, group } = machineNames(request.id);
  if (group !== '') await storedGroup(store.read, subscriptionId, group);
  const wanted = pageRequest(request, pageSize);
  const narrowing = { subscriptionId, group: group === '' ? undefined : group.toLowerCase() };
  const rows = await readWithin(
    machinesOf(store.read, subscriptionId, request.access),
    stretchesWithin(orderByGroup(2), narrowing, request.access.scopesOf(readAction)),
    wanted.after?.split('/').join(betweenParts),
    wanted.size + 1,
  );
  const ids = rows.map(({ vm_id }) => vm_id);
  const [heartbeats, licenses] = await Promise.all([
    ids.length === 0 ? [] : store.read.selectFrom('heartbeats').selectAll().where('vm_id', 'in', ids).execute(),
    machineLicenseProfiles(store.read, rows.map(idOfMachine)),
  ]);
  const byMachine = new Map(heartbeats.map((heartbeat) => [heartbeat.vm_id, heartbeat]));
  const now = environment.now();
  const show = (row: Machine): unknown =>
    machineView(row, byMachine.get(row.vm_id), endpoint.tenantId, now, licenses.get(idOfMachine(row).toLowerCase()));
  return {
    status: 200,
    body: page(endpoint.url, request, wanted, rows, (row) => `${row.group_key}/${row.name_key}`, show),
  };
}

/** The list of the machines of a subscription, of which the caller sees what they may read (T86). */
function machinesOf(reader: Reader, subscriptionId: string, access: Access): ListInStretches<Machine> {
  return {
    read: (stretch, after, limit) =>
      reader
        .selectFrom('machines')
        .selectAll()
        .where('subscription_id', '=', subscriptionId)
        .where(inStretch(['group_key', 'name_key'], stretch, after?.split(betweenParts)))
        .orderBy('group_key')
        .orderBy('name_key')
        .limit(limit)
        .execute(),
    placeOf: (row) => taggedMachine(row).place,
    isVisible: (row) => access.permits(readAction, idOfMachine(row)),
  };
}

/** Removes the machine with its extensions and its identity; its running operations end as canceled. 204 when there is none. */
async function deleteMachine(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment, doorbell } = services;
  const removed = await store.change(async (writer) => {
    const machine = await findMachine(writer, request.id);
    const origin = machine === undefined ? request.origin : { ...request.origin, resourceId: idOfMachine(machine) };
    const events =
      machine === undefined ? [] : await removeMachine(writer, environment, machine.vm_id, 'the machine was deleted');
    return {
      value: machine?.vm_id,
      events: requestEvents(
        environment,
        origin,
        {
          status: 'Succeeded',
          subStatus: machine === undefined ? 'NoContent' : 'OK',
        },
        events,
      ),
    };
  });
  if (removed === undefined) return { status: 204 };
  doorbell.ring(removed);
  return { status: 200 };
}
