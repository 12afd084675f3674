/** A write or a deletion of a resource that policy has a say in: held against what is assigned, changed as it wants, then done. */
import { enforcePolicy } from '../policy/enforce.ts';
import { enforceOnDeletion } from '../policy/enforce-on-deletion.ts';
import type { Json } from '../policy/json.ts';
import { recordAudited } from '../policy/record-audited.ts';
import { createShownResources } from '../policy/shown-resources.ts';
import { surroundingsOf } from '../policy/surroundings.ts';
import { policiesAsWritten } from '../policy/stored/policies-as-written.ts';
import type { Services } from '../services.ts';
import { onWhatWasRead } from '../store/guarded-changes.ts';
import type { Reader } from '../store/store.ts';
import { ArmError } from './arm-error.ts';
import type { ArmHandler, ArmRequest, ArmResponse } from './arm-request.ts';
import type { Dispatcher } from './dispatcher.ts';
import { entityTag, writtenHalf } from './entity-tag.ts';
import { ownRead } from './own-read.ts';
import type { ResourceType } from './resource-type.ts';

/**
 * Runs the handler with the body that policy leaves. Throws {@link ArmError} `RequestDisallowedByPolicy` before it does. What is judged
 * is what is written: when policy, or what it looked at, is another by the time of the write, it is judged again (T02).
 */
export async function underPolicy(
  services: Pick<Services, 'store' | 'environment'>,
  dispatcher: Pick<Dispatcher, 'registry' | 'registryOver'>,
  type: ResourceType,
  request: ArmRequest,
  handler: ArmHandler,
): Promise<ArmResponse> {
  const { method, origin } = request;
  if (method !== 'PUT' && method !== 'PATCH' && method !== 'DELETE') return handler(request);
  return onWhatWasRead(
    services.store,
    (reader) => groundsOf(services, dispatcher, type, request, reader),
    async (grounds) => {
      // Should something be assigned by the time of the write, the grounds are others then.
      if (grounds === undefined) return handler(request);
      if (method === 'DELETE') {
        await enforceOnDeletion(services, createShownResources(services, dispatcher.registry), origin.resourceId);
        return handler(request);
      }
      const shown = method === 'PATCH' ? await shownNow(type, request) : undefined;
      const indexed = type.policy === 'indexed';
      const { body, audited } = await enforcePolicy(services, request, type.type, indexed, shown);
      const answer = await handler({ ...request, body });
      await recordAudited(services, request, audited);
      return answer;
    },
  );
}

/** What a judgement rests on. Undefined where nothing is assigned: there is no judgement then, and it costs no more than to see that. */
async function groundsOf(
  services: Pick<Services, 'store' | 'environment'>,
  dispatcher: Pick<Dispatcher, 'registryOver'>,
  type: ResourceType,
  { method, id, apiVersion }: ArmRequest,
  read: Reader,
): Promise<readonly unknown[] | undefined> {
  const policies = await policiesAsWritten(read);
  if (policies.length === 0) return undefined;
  const { utcNow: _now, ...surroundings } = await surroundingsOf(
    { ...services, store: { ...services.store, read } },
    id,
    apiVersion,
  );
  const shown = method === 'PATCH' ? await ownRead(dispatcher.registryOver(read).rowOf(type.type), id) : undefined;
  return [policies, surroundings, shown === undefined ? '' : writtenHalf(entityTag(shown, type.observed))];
}

/** What a GET shows; undefined when there is nothing yet, which the handler then says in its own words. */
async function shownNow(type: ResourceType, request: ArmRequest): Promise<Json | undefined> {
  try {
    const answer = await type.item?.GET?.({ ...request, method: 'GET', body: undefined });
    return answer?.body as Json | undefined;
  } catch (error) {
    if (error instanceof ArmError && error.status === 404) return undefined;
    throw error;
  }
}
