/**
 * `{scope}/providers/Microsoft.Resources/tags/default`: the tags of a subscription, a group or a resource, without the rest of it. Who may
 * tag need not be able to write the resource; policy has its say as in every other write of tags.
 */
import { formatResourceId } from '@sallyport/model';
import * as z from 'zod/mini';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmHandler, ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import type { Dispatcher } from '../../arm/dispatcher.ts';
import { ownRead } from '../../arm/own-read.ts';
import type { Registry } from '../../arm/registry.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { tagsSchema, type Tags } from '../../arm/tags.ts';
import { targetOf, type Target } from '../../arm/target.ts';
import { underPolicy } from '../../arm/under-policy.ts';
import { scopeBeneath } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import { onWhatWasRead } from '../../store/guarded-changes.ts';

const type = 'Microsoft.Resources/tags';
const properties = z.object({ tags: z.optional(z.nullable(tagsSchema)) });
const putSchema = z.object({ properties });
const patchSchema = z.object({ operation: z.enum(['Merge', 'Replace', 'Delete']), properties });
const shownSchema = z.object({ tags: z.optional(z.nullable(tagsSchema)) });

/** The row of the registry. */
export function tags(services: Services, dispatcher: Dispatcher): ResourceType {
  const view = (request: ArmRequest, shown: Tags): ArmResponse => ({
    status: 200,
    body: {
      id: `${scopeBeneath(request.id)}/providers/${type}/default`,
      name: 'default',
      type,
      properties: { tags: shown },
    },
  });
  const write = async (request: ArmRequest, wanted: Tags): Promise<ArmResponse> => {
    const { row, target } = taggable(dispatcher.registry, request);
    const resourceId = formatResourceId(target.id);
    const asked: ArmRequest = {
      ...request,
      method: 'PATCH',
      id: target.id,
      body: { tags: wanted },
      origin: { ...request.origin, resourceId },
    };
    await underPolicy(services, dispatcher, row, asked, handlerOf(services, row));
    return view(request, await current(dispatcher.registry, request));
  };
  return {
    type,
    scopes: ['subscription', 'resourceGroup', 'resource'],
    apiVersions: 'any',
    resource: 'none',
    item: {
      GET: async (request) => view(request, await current(dispatcher.registry, request)),
      PUT: (request) => write(request, parseBody(putSchema, request.body).properties.tags ?? {}),
      PATCH: (request) => {
        const { operation, properties: said } = parseBody(patchSchema, request.body);
        // Two who add a tag each both keep theirs.
        return onWhatWasRead(
          services.store,
          (reader) => current(dispatcher.registryOver(reader), request),
          (before) => write(request, after(before, operation, said.tags ?? {})),
        );
      },
      DELETE: async (request) => {
        await write(request, {});
        return { status: 200 };
      },
    },
  };
}

/** Tags after an operation. Names in any case; `Delete` takes a tag away where it has the value that is named. */
function after(before: Tags, operation: 'Merge' | 'Replace' | 'Delete', said: Tags): Tags {
  if (operation === 'Replace') return said;
  const named = new Map(Object.entries(said).map(([name, value]) => [name.toLowerCase(), value]));
  const kept = Object.entries(before).filter(([name, value]) => {
    const one = named.get(name.toLowerCase());
    return one === undefined || (operation === 'Delete' && one !== '' && one !== value);
  });
  return { ...Object.fromEntries(kept), ...(operation === 'Merge' ? said : {}) };
}

/** What the tags belong to. */
function taggable(registry: Registry, request: ArmRequest): { readonly row: ResourceType; readonly target: Target } {
  if (request.id.providers.at(-1)?.names[0]?.toLowerCase() !== 'default')
    throw new ArmError('ResourceNotFound', "Tags have one name: 'default'.");
  const target = targetOf(scopeBeneath(request.id));
  const row = registry.types.find((one) => one.type.toLowerCase() === target?.typeKey);
  const has = row !== undefined && (row.resource === 'tracked' || row.taggable === true);
  if (target !== undefined && target.shape === 'item' && has) return { row, target };
  throw new ArmError('InvalidParameter', `'${scopeBeneath(request.id)}' is nothing that has tags.`);
}

async function current(registry: Registry, request: ArmRequest): Promise<Tags> {
  const { row, target } = taggable(registry, request);
  const shown = await ownRead(row, target.id);
  if (shown !== undefined) return parseBody(shownSchema, shown).tags ?? {};
  throw new ArmError('ResourceNotFound', `The Resource '${formatResourceId(target.id)}' was not found.`);
}

/** What writes the tags: the PATCH of the type; a subscription has none, its tags are all that can be written of it. */
function handlerOf(services: Services, row: ResourceType): ArmHandler {
  const patch = row.item?.PATCH;
  if (patch !== undefined) return patch;
  return async ({ id, body, origin }) => {
    const said = parseBody(shownSchema, body).tags ?? {};
    const { store, environment } = services;
    await store.change(async (writer) => {
      await writer
        .updateTable('subscriptions')
        .set({ tags: JSON.stringify(said) })
        .where('subscription_id', '=', id.subscriptionId ?? '')
        .execute();
      return { value: undefined, events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }) };
    });
    return { status: 200 };
  };
}
