/** A write or a deletion of a resource that policy has a say in: held against what is assigned, changed as it wants, then done. */
import { enforcePolicy } from '../policy/enforce.ts';
import { enforceOnDeletion } from '../policy/enforce-on-deletion.ts';
import type { Json } from '../policy/json.ts';
import { recordAudited } from '../policy/record-audited.ts';
import { createShownResources } from '../policy/shown-resources.ts';
import type { Services } from '../services.ts';
import { ArmError } from './arm-error.ts';
import type { ArmHandler, ArmRequest, ArmResponse } from './arm-request.ts';
import type { Registry } from './registry.ts';
import type { ResourceType } from './resource-type.ts';

/** Runs the handler with the body that policy leaves. Throws {@link ArmError} `RequestDisallowedByPolicy` before it does. */
export async function underPolicy(
  services: Services,
  registry: Registry,
  type: ResourceType,
  request: ArmRequest,
  handler: ArmHandler,
): Promise<ArmResponse> {
  if (request.method === 'DELETE') {
    await enforceOnDeletion(services, createShownResources(services, registry), request.origin.resourceId);
    return handler(request);
  }
  if (request.method !== 'PUT' && request.method !== 'PATCH') return handler(request);
  const shown = request.method === 'PATCH' ? await shownNow(type, request) : undefined;
  const indexed = type.policy === 'indexed';
  const { body, audited } = await enforcePolicy(services, request, type.type, indexed, shown);
  const answer = await handler({ ...request, body });
  await recordAudited(services, request, audited);
  return answer;
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
