/** `Sallyport.Upgrades/machineSettings/default` on a machine: when it may be upgraded by itself, and no further than to what. */
import type { ResourceId } from '@sallyport/model';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import {
  defaultMachineUpgradeSettings,
  machineUpgradeSettingsSchema,
} from '../../automatic-upgrade/upgrade-settings.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import * as z from 'zod/mini';
import { parentMachine } from '../microsoft.hybridcompute/machine-rows.ts';
import type { Machine } from '../microsoft.hybridcompute/machine-view.ts';
import { machineType } from '../microsoft.hybridcompute/provider.ts';
import { common, namespace, requireDefault, viewOf } from './names.ts';

const bodySchema = z.object({ properties: machineUpgradeSettingsSchema });

/** The row of the registry. */
export function machineSettings(services: Services): ResourceType {
  return {
    ...common,
    type: `${namespace}/machineSettings`,
    scopes: ['resource'],
    item: {
      GET: (request) => get(services, request),
      PUT: (request) => put(services, request),
      DELETE: (request) => remove(services, request),
    },
  };
}

/** The machine that an extension resource of it stands on. Throws {@link ArmError} when it is not a machine, or there is none. */
export async function machineBeneath(reader: Reader, id: ResourceId): Promise<Machine> {
  const beneath = { ...id, providers: id.providers.slice(0, -1) };
  const section = beneath.providers.at(-1);
  if (`${section?.namespace ?? ''}/${section?.types.join('/') ?? ''}`.toLowerCase() !== machineType.toLowerCase())
    throw new ArmError('InvalidResourceType', `This stands on a resource of type ${machineType} and on no other.`);
  return parentMachine(reader, beneath);
}

async function get({ store }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireDefault(request);
  const machine = await machineBeneath(store.read, request.id);
  const row = await store.read
    .selectFrom('machine_upgrade_settings')
    .select('properties')
    .where('vm_id', '=', machine.vm_id)
    .executeTakeFirst();
  const settings =
    row === undefined
      ? defaultMachineUpgradeSettings
      : z.parse(machineUpgradeSettingsSchema, JSON.parse(row.properties));
  return { status: 200, body: viewOf(request, settings) };
}

async function put({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireDefault(request);
  const settings = parseBody(bodySchema, request.body).properties;
  const said = {
    properties: JSON.stringify(settings),
    changed_at: environment.now(),
    changed_by: request.caller.clientId,
  };
  await store.change(async (writer) => {
    const { vm_id } = await machineBeneath(writer, request.id);
    await writer
      .insertInto('machine_upgrade_settings')
      .values({ ...said, vm_id })
      .onConflict((conflict) => conflict.column('vm_id').doUpdateSet(said))
      .execute();
    return {
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  return { status: 200, body: viewOf(request, settings) };
}

async function remove({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireDefault(request);
  await store.change(async (writer) => {
    const { vm_id } = await machineBeneath(writer, request.id);
    await writer.deleteFrom('machine_upgrade_settings').where('vm_id', '=', vm_id).execute();
    return {
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  return { status: 200 };
}
