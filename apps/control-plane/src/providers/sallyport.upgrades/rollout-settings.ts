/** `Sallyport.Upgrades/rolloutSettings/default` of a subscription: how new versions go out to its machines. */
import type { ArmRequest } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { defaultRolloutSettings } from '../../automatic-upgrade/rollout-settings.ts';
import { rolloutSettingsSchema } from '../../automatic-upgrade/upgrade-settings.ts';
import type { Services } from '../../services.ts';
import { settingsResource } from './settings-resource.ts';

/** The row of the registry. */
export function rolloutSettings(services: Services): ResourceType {
  return settingsResource(services, {
    name: 'rolloutSettings',
    scopes: ['subscription'],
    schema: rolloutSettingsSchema,
    initial: defaultRolloutSettings,
    find: async (reader, request) => {
      const row = await reader
        .selectFrom('rollout_settings')
        .select('properties')
        .where('subscription_id', '=', subscriptionOf(request))
        .executeTakeFirst();
      return row?.properties;
    },
    keep: async (writer, request, stored) => {
      await writer
        .insertInto('rollout_settings')
        .values({ ...stored, subscription_id: subscriptionOf(request) })
        .onConflict((conflict) => conflict.column('subscription_id').doUpdateSet(stored))
        .execute();
    },
    clear: async (writer, request) => {
      await writer.deleteFrom('rollout_settings').where('subscription_id', '=', subscriptionOf(request)).execute();
    },
  });
}

function subscriptionOf({ id }: ArmRequest): string {
  return id.subscriptionId ?? '';
}
