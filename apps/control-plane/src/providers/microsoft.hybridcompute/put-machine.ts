/** PUT and PATCH of a machine. A PUT by `azcmagent connect` enrols it: it brings the machine's id and public key. */
import type { Insertable } from 'kysely';
import { requestEvents } from '../../activity-log/events-of.ts';
import type { ActivityEvent } from '../../activity-log/activity-event.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import { readTags } from '../../arm/tags.ts';
import { machineKey } from '../../identity/credentials/client-assertion.ts';
import type { Access } from '../../rbac/access.ts';
import { machineStatus } from '../../machines/machine-status.ts';
import { keepTags } from '../../resources/keep-tags.ts';
import { taggedMachine } from '../../resources/tag-keys.ts';
import type { Services } from '../../services.ts';
import type { MachineRow } from '../../store/schema/machine-rows.ts';
import type { Writer } from '../../store/store.ts';
import { keptProperties, machineBodySchema, type MachineBody } from './machine-body.ts';
import { findMachine, heartbeatOf, machineNames, storedGroup } from './machine-rows.ts';
import { idOfMachine, machineView, type Machine } from './machine-view.ts';
import { machineType } from './provider.ts';
import { removeMachine } from './remove-machine.ts';

const nameForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,53}$/;

/** `PUT …/machines/{name}`. Answers 200, as the documented API does for new ones too (arm-api §3). */
export async function putMachine(services: Services, request: ArmRequest): Promise<ArmResponse> {
  return writeMachine(services, request, parseBody(machineBodySchema, request.body));
}

/** `PATCH …/machines/{name}`: tags and settable properties. */
export async function patchMachine(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const body = parseBody(machineBodySchema, request.body);
  if ((await findMachine(services.store.read, request.id)) === undefined) throw notFound(request);
  return writeMachine(services, request, body);
}

async function writeMachine(services: Services, request: ArmRequest, body: MachineBody): Promise<ArmResponse> {
  const { store, environment, endpoint } = services;
  const enrolment = readEnrolment(body);
  const done = await store.change(async (writer) => {
    const before = await findMachine(writer, request.id);
    const events: ActivityEvent[] = [];
    let row: Machine;
    let replaced: string | undefined;
    if (before !== undefined && (await isSame(writer, before, enrolment))) {
      row = await updateMachine(services, writer, request, body, before);
    } else {
      if (before !== undefined) {
        await refuseWhileConnected(services, writer, before);
        // The machine that was goes with everything it had: who may only connect machines may not do that (T74).
        request.access.require(`${machineType}/delete`, idOfMachine(before));
        replaced = before.vm_id;
        events.push(
          ...(await removeMachine(
            writer,
            environment,
            before.vm_id,
            'the machine was connected again with another key',
          )),
        );
      }
      row = await enrol(services, writer, request, body, enrolment);
    }
    const origin = { ...request.origin, resourceId: idOfMachine(row), resourceGroup: row.group_name };
    return {
      value: { row, replaced },
      events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }, events),
    };
  });
  if (done.replaced !== undefined) services.doorbell.ring(done.replaced);
  const heartbeat = await heartbeatOf(store.read, done.row.vm_id);
  return { status: 200, body: machineView(done.row, heartbeat, endpoint.tenantId, environment.now()) };
}

interface Enrolment {
  readonly vmId: string | undefined;
  readonly publicKey: string | undefined;
}

function readEnrolment(body: MachineBody): Enrolment {
  const publicKey = body.properties?.clientPublicKey;
  if (publicKey === undefined || publicKey === '')
    return { vmId: body.properties?.vmId?.toLowerCase(), publicKey: undefined };
  try {
    const key = machineKey(publicKey).publicKey;
    // One spelling for one key, so that it can be compared.
    return {
      vmId: body.properties?.vmId?.toLowerCase(),
      publicKey: key.export({ type: 'pkcs1', format: 'der' }).toString('base64'),
    };
  } catch {
    throw new ArmError(
      'InvalidRequestContent',
      'properties.clientPublicKey is not base64 of an RSA public key of 2048 to 8192 bits in PKCS#1 DER.',
      'properties.clientPublicKey',
    );
  }
}

/** Whether a body means the machine that is there. One that was read before the machine renewed its key still does. */
async function isSame(writer: Writer, before: Machine, { vmId, publicKey }: Enrolment): Promise<boolean> {
  if (vmId !== undefined && vmId !== before.vm_id) return false;
  if (publicKey === undefined || publicKey === before.public_key) return true;
  const former = await writer
    .selectFrom('machine_keys')
    .select('vm_id')
    .where('public_key', '=', publicKey)
    .executeTakeFirst();
  return vmId !== undefined && former?.vm_id === vmId;
}

/** T73, T74: whoever holds onboarding credentials cannot take over a machine that is alive. */
async function refuseWhileConnected(services: Services, writer: Writer, before: Machine): Promise<void> {
  const heartbeat = await heartbeatOf(writer, before.vm_id);
  const { status } = machineStatus(heartbeat, before, services.environment.now());
  if (status !== 'Connected') return;
  throw new ArmError(
    'MachineAlreadyConnected',
    `The machine '${before.name}' is connected with another key or vmId. Disconnect it there, delete the resource, or choose another name.`,
    'properties.clientPublicKey',
  );
}

async function updateMachine(
  services: Services,
  writer: Writer,
  request: ArmRequest,
  body: MachineBody,
  before: Machine,
): Promise<Machine> {
  if (body.location !== undefined && body.location.toLowerCase() !== before.location.toLowerCase()) {
    throw new ArmError(
      'InvalidResourceLocation',
      `The resource '${before.name}' already exists in location '${before.location}'; a resource cannot change its location.`,
    );
  }
  const tags = JSON.stringify(
    body.tags === undefined && request.method === 'PATCH' ? readTags(before.tags) : (body.tags ?? {}),
  );
  await keepTags(writer, taggedMachine(before), before.tags, tags);
  return writer
    .updateTable('machines')
    .set({
      tags,
      properties: JSON.stringify(
        keptProperties(JSON.parse(before.properties) as Record<string, unknown>, body.properties),
      ),
      changed_at: services.environment.now(),
      changed_by: request.caller.clientId,
    })
    .where('vm_id', '=', before.vm_id)
    .returningAll()
    .executeTakeFirstOrThrow();
}

async function enrol(
  services: Services,
  writer: Writer,
  request: ArmRequest,
  body: MachineBody,
  { vmId, publicKey }: Enrolment,
): Promise<Machine> {
  const { subscriptionId, group, machine: name } = machineNames(request.id);
  if (!nameForm.test(name)) {
    throw new ArmError(
      'InvalidResourceName',
      `'${name}' is not a machine's name: 1 to 54 letters, digits, '.', '_' and '-'.`,
    );
  }
  if (vmId === undefined || publicKey === undefined) {
    throw new ArmError(
      'MachineKeyMissing',
      'A new machine needs properties.vmId and properties.clientPublicKey; azcmagent connect sends both.',
    );
  }
  if (body.location === undefined || body.location === '') {
    throw new ArmError('LocationRequired', 'The location property is required for this definition.', 'location');
  }
  const groupName = await storedGroup(writer, subscriptionId, group);
  await refuseTwins(writer, vmId, publicKey, request.access);
  const now = services.environment.now();
  const principalId = services.environment.guid();
  const row: Insertable<MachineRow> = {
    vm_id: vmId,
    subscription_id: subscriptionId,
    group_key: groupName.toLowerCase(),
    group_name: groupName,
    name_key: name.toLowerCase(),
    name,
    location: body.location,
    tags: JSON.stringify(body.tags ?? {}),
    principal_id: principalId,
    public_key: publicKey,
    key_since: now,
    quarantined_at: null,
    quarantine_reason: null,
    properties: JSON.stringify(keptProperties({}, body.properties)),
    generation: 1,
    created_at: now,
    created_by: request.caller.clientId,
    changed_at: now,
    changed_by: request.caller.clientId,
  };
  await writer.deleteFrom('heartbeats').where('vm_id', '=', vmId).execute();
  await writer
    .insertInto('principals')
    .values({
      object_id: principalId,
      client_id: principalId,
      kind: 'Machine',
      display_name: name,
      secret_hash: null,
      public_key: publicKey,
      vm_id: vmId,
      created_at: now,
    })
    .execute();
  await keepTags(writer, taggedMachine(row), undefined, row.tags);
  return writer.insertInto('machines').values(row).returningAll().executeTakeFirstOrThrow();
}

/** T73: a machine's id and key are its own; a second resource with either is a clone. */
async function refuseTwins(writer: Writer, vmId: string, publicKey: string, access: Access): Promise<void> {
  const twin = await writer
    .selectFrom('machines')
    .selectAll()
    .where((row) => row.or([row('vm_id', '=', vmId), row('public_key', '=', publicKey)]))
    .executeTakeFirst();
  if (twin === undefined) return refuseFormerKey(writer, publicKey, access);
  throw new ArmError(
    'MachineIdInUse',
    `The vmId or the public key belongs to ${machineFor(access, twin)}. Delete that resource, or connect with a fresh vmId and key.`,
    'properties.vmId',
  );
}

/** A key that a machine has had, or is about to have, is nobody else's. */
async function refuseFormerKey(writer: Writer, publicKey: string, access: Access): Promise<void> {
  const former = await writer
    .selectFrom('machine_keys')
    .innerJoin('machines', 'machines.vm_id', 'machine_keys.vm_id')
    .select(['subscription_id', 'group_name', 'name'])
    .where('machine_keys.public_key', '=', publicKey)
    .executeTakeFirst();
  if (former === undefined) return;
  throw new ArmError(
    'MachineIdInUse',
    `The public key was a key of ${machineFor(access, former)}. Connect with a fresh vmId and key.`,
    'properties.clientPublicKey',
  );
}

/** By its name for whoever may read it: an onboarding credential of one group hears nothing of another (T86). */
function machineFor(access: Access, machine: Parameters<typeof idOfMachine>[0]): string {
  const id = idOfMachine(machine);
  return access.permits(`${machineType}/read`, id) ? `the machine '${id}'` : 'another machine';
}

function notFound(request: ArmRequest): ArmError {
  const { group, machine } = machineNames(request.id);
  return new ArmError(
    'ResourceNotFound',
    `The Resource 'Microsoft.HybridCompute/machines/${machine}' under resource group '${group}' was not found.`,
  );
}
