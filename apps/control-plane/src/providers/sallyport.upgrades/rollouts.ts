/** `Sallyport.Upgrades/rollouts` of a subscription: what goes out by itself, how far it is, why it waits; and the brake. */
import { extensionKey, formatExtensionName, handlerName } from '@sallyport/model';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { gatherRollouts, type GatheredRollout } from '../../automatic-upgrade/gather-rollouts.ts';
import { planRollout, type Situation } from '../../automatic-upgrade/plan-rollout.ts';
import type { Services } from '../../services.ts';
import { formatResourceId } from '@sallyport/model';
import { common, namespace } from './names.ts';

const type = `${namespace}/rollouts`;

/** The rows of the registry. */
export function rollouts(services: Services): readonly ResourceType[] {
  const order = (kind: 'halt' | 'resume'): ResourceType => ({
    ...common,
    type: `${type}/${kind}`,
    scopes: ['subscription'],
    collection: { POST: (request) => give(services, request, kind) },
  });
  return [
    {
      ...common,
      type,
      scopes: ['subscription'],
      item: {
        GET: async (request) => ({ status: 200, body: view(services, request, await existing(services, request)) }),
      },
      collection: {
        GET: async (request) => {
          const found = await ofSubscription(services, request);
          return { status: 200, body: { value: found.map((rollout) => view(services, request, rollout)) } };
        },
      },
    },
    order('halt'),
    order('resume'),
  ];
}

async function ofSubscription(services: Services, { id }: ArmRequest): Promise<readonly GatheredRollout[]> {
  const all = await gatherRollouts(services, services.environment.now());
  return all
    .filter(({ subscriptionId }) => subscriptionId === id.subscriptionId)
    .toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

/** `publisher.type-version`, as a handler's folder is called. */
function nameOf({ extension, version }: GatheredRollout): string {
  return `${handlerName(extension)}-${version}`;
}

async function existing(services: Services, request: ArmRequest): Promise<GatheredRollout> {
  const name = request.id.providers.at(-1)?.names[0] ?? '';
  const found = (await ofSubscription(services, request)).find(
    (rollout) => nameOf(rollout).toLowerCase() === name.toLowerCase(),
  );
  if (found !== undefined) return found;
  throw new ArmError(
    'ResourceNotFound',
    `Nothing named '${name.slice(0, 300)}' is being rolled out. List the rollouts.`,
  );
}

async function give(services: Services, request: ArmRequest, kind: 'halt' | 'resume'): Promise<ArmResponse> {
  const { store, environment } = services;
  const found = await existing(services, request);
  const order = { order_kind: kind, order_at: environment.now(), order_by: request.caller.clientId };
  await store.change(async (writer) => {
    await writer
      .insertInto('rollouts')
      .values({
        ...order,
        subscription_id: found.subscriptionId,
        extension_key: extensionKey(found.extension),
        version: found.version,
        known_since: found.rollout.knownSince,
      })
      .onConflict((conflict) => conflict.columns(['subscription_id', 'extension_key', 'version']).doUpdateSet(order))
      .execute();
    return {
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  return { status: 200, body: view(services, request, await existing(services, request)) };
}

function view({ environment }: Services, request: ArmRequest, gathered: GatheredRollout): object {
  const plan = planRollout(gathered.rollout, environment.now());
  const counts: Partial<Record<Situation['kind'], number>> = {};
  for (const { situation } of gathered.rollout.members) counts[situation.kind] = (counts[situation.kind] ?? 0) + 1;
  const name = nameOf(gathered);
  return {
    id: `${formatResourceId({ ...request.id, providers: [] })}/providers/${type}/${name}`,
    name,
    type,
    properties: {
      extension: formatExtensionName(gathered.extension),
      version: gathered.version,
      knownSince: new Date(gathered.rollout.knownSince).toISOString(),
      state: plan.state,
      reason: plan.reason,
      ...(plan.goesOnAt === undefined ? {} : { goesOnAt: new Date(plan.goesOnAt).toISOString() }),
      wave: plan.wave,
      waves: gathered.rollout.settings.waves,
      machines: {
        upgraded: counts.upgraded ?? 0,
        upgrading: counts.upgrading ?? 0,
        failed: counts.failed ?? 0,
        refused: counts.refused ?? 0,
        waiting: (counts.ready ?? 0) + (counts['outside-window'] ?? 0),
        held: counts.held ?? 0,
      },
    },
  };
}
