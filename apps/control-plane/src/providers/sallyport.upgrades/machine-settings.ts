/** `Sallyport.Upgrades/machineSettings/default` on a machine: when it may be upgraded by itself, and no further than to what. */
import type { ResourceId } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import {
  defaultMachineUpgradeSettings,
  machineUpgradeSettingsSchema,
} from '../../automatic-upgrade/upgrade-settings.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';
import { parentMachine } from '../microsoft.hybridcompute/machine-rows.ts';
import type { Machine } from '../microsoft.hybridcompute/machine-view.ts';
import { machineType } from '../microsoft.hybridcompute/provider.ts';
import { settingsResource } from './settings-resource.ts';

/** The row of the registry. */
export function machineSettings(services: Services): ResourceType {
  return settingsResource(services, {
    name: 'machineSettings',
    scopes: ['resource'],
    schema: machineUpgradeSettingsSchema,
    initial: defaultMachineUpgradeSettings,
    find: async (reader, { id }) => {
      const { vm_id } = await machineBeneath(reader, id);
      const row = await reader
        .selectFrom('machine_upgrade_settings')
        .select('properties')
        .where('vm_id', '=', vm_id)
        .executeTakeFirst();
      return row?.properties;
    },
    keep: async (writer, { id }, stored) => {
      const { vm_id } = await machineBeneath(writer, id);
      await writer
        .insertInto('machine_upgrade_settings')
        .values({ ...stored, vm_id })
        .onConflict((conflict) => conflict.column('vm_id').doUpdateSet(stored))
        .execute();
    },
    clear: async (writer, { id }) => {
      const { vm_id } = await machineBeneath(writer, id);
      await writer.deleteFrom('machine_upgrade_settings').where('vm_id', '=', vm_id).execute();
    },
  });
}

/** The machine that an extension resource of it stands on. Throws {@link ArmError} when it is not a machine, or there is none. */
export async function machineBeneath(reader: Reader, id: ResourceId): Promise<Machine> {
  const beneath = { ...id, providers: id.providers.slice(0, -1) };
  const section = beneath.providers.at(-1);
  if (`${section?.namespace ?? ''}/${section?.types.join('/') ?? ''}`.toLowerCase() !== machineType.toLowerCase())
    throw new ArmError('InvalidResourceType', `This stands on a resource of type ${machineType} and on no other.`);
  return parentMachine(reader, beneath);
}
