/** `Sallyport.Upgrades/rolloutSettings/default` of a subscription: how new versions go out to its machines. */
import { requestEvents } from '../../activity-log/events-of.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { defaultRolloutSettings, type RolloutSettings } from '../../automatic-upgrade/rollout-settings.ts';
import { rolloutSettingsSchema } from '../../automatic-upgrade/upgrade-settings.ts';
import type { Services } from '../../services.ts';
import * as z from 'zod/mini';
import { common, namespace, requireDefault, viewOf } from './names.ts';

const bodySchema = z.object({ properties: rolloutSettingsSchema });

/** The row of the registry. What was never set, or was deleted, is what {@link defaultRolloutSettings} say. */
export function rolloutSettings(services: Services): ResourceType {
  return {
    ...common,
    type: `${namespace}/rolloutSettings`,
    scopes: ['subscription'],
    item: {
      GET: (request) => get(services, request),
      PUT: (request) => put(services, request),
      DELETE: (request) => remove(services, request),
    },
  };
}

async function get({ store }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireDefault(request);
  const row = await store.read
    .selectFrom('rollout_settings')
    .select('properties')
    .where('subscription_id', '=', request.id.subscriptionId ?? '')
    .executeTakeFirst();
  const settings =
    row === undefined ? defaultRolloutSettings : z.parse(rolloutSettingsSchema, JSON.parse(row.properties));
  return { status: 200, body: viewOf(request, settings) };
}

async function put({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  requireDefault(request);
  const settings: RolloutSettings = parseBody(bodySchema, request.body).properties;
  const said = {
    properties: JSON.stringify(settings),
    changed_at: environment.now(),
    changed_by: request.caller.clientId,
  };
  await store.change(async (writer) => {
    await writer
      .insertInto('rollout_settings')
      .values({ ...said, subscription_id: request.id.subscriptionId ?? '' })
      .onConflict((conflict) => conflict.column('subscription_id').doUpdateSet(said))
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
    await writer
      .deleteFrom('rollout_settings')
      .where('subscription_id', '=', request.id.subscriptionId ?? '')
      .execute();
    return {
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  return { status: 200 };
}
