/** The resource type `Microsoft.HybridCompute/machines`. */
import { sql, type SqlBool } from 'kysely';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { machineLicenseProfiles } from './licenses.ts';
import { findMachine, heartbeatOf, machineNames, storedGroup } from './machine-rows.ts';
import { idOfMachine, machineView, type Machine } from './machine-view.ts';
import { apiVersions, machineType } from './provider.ts';
import { patchMachine, putMachine } from './put-machine.ts';
import { removeMachine } from './remove-machine.ts';

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

async function listMachines(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, endpoint, environment, pageSize } = services;
  const { subscriptionId, group } = machineNames(request.id);
  if (group !== '') await storedGroup(store.read, subscriptionId, group);
  const wanted = pageRequest(request, pageSize);
  let query = store.read.selectFrom('machines').selectAll().where('subscription_id', '=', subscriptionId);
  if (group !== '') query = query.where('group_key', '=', group.toLowerCase());
  if (wanted.after !== undefined) {
    const [afterGroup = '', afterName = ''] = wanted.after.split('/');
    // As rows: an index of both begins there, and does not read what was listed before.
    query = query.where(sql<SqlBool>`(group_key, name_key) > (${afterGroup}, ${afterName})`);
  }
  const rows = await query
    .orderBy('group_key')
    .orderBy('name_key')
    .limit(wanted.size + 1)
    .execute();
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
