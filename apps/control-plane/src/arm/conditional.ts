/** Requests on one resource with the entity tag of what they show, and under the preconditions that they come with. */
import type { Services } from '../services.ts';
import { underGuard } from '../store/guarded-changes.ts';
import type { Reader } from '../store/store.ts';
import type { ArmHandler, ArmRequest, ArmResponse } from './arm-request.ts';
import { entityTag } from './entity-tag.ts';
import { ownRead } from './own-read.ts';
import {
  preconditionFailed,
  readOutcome,
  readPrecondition,
  writeRefusal,
  type ConditionHeaders,
} from './precondition.ts';
import type { Registry } from './registry.ts';
import type { ResourceType } from './resource-type.ts';

/** Answers a request on one resource of the type. Throws {@link ArmError} `PreconditionFailed` and nothing is changed then. */
export async function conditional(
  { store }: Pick<Services, 'store'>,
  registryOver: (reader: Reader) => Registry,
  type: ResourceType,
  request: ArmRequest,
  headers: ConditionHeaders,
  handler: ArmHandler,
): Promise<ArmResponse> {
  const precondition = readPrecondition(headers);
  const { method, id, origin } = request;
  if (method === 'GET' || method === 'HEAD' || method === 'POST' || precondition === undefined) {
    const answer = tagged(type, method, await handler(request));
    const tag = answer.headers?.['etag'];
    if (method !== 'GET' || precondition === undefined || tag === undefined) return answer;
    const outcome = readOutcome(precondition, tag.slice(1, -1));
    if (outcome === 'refused') throw preconditionFailed(origin.resourceId, 'it is not what If-Match names');
    return outcome === 'shown' ? answer : { status: 304, headers: { etag: tag } };
  }
  const answer = await underGuard(
    store,
    async (writer) => {
      const row = registryOver(writer).rowOf(type.type);
      const shown = await ownRead(row, id);
      const why = writeRefusal(precondition, shown === undefined ? undefined : entityTag(shown, type.observed));
      if (why !== undefined) throw preconditionFailed(origin.resourceId, why);
    },
    () => handler(request),
  );
  return tagged(type, method, answer);
}

function tagged(type: ResourceType, method: string, answer: ArmResponse): ArmResponse {
  const shows = answer.status === 200 || answer.status === 201;
  if (!shows || answer.body === undefined || !['GET', 'PUT', 'PATCH'].includes(method)) return answer;
  return { ...answer, headers: { ...answer.headers, etag: `"${entityTag(answer.body, type.observed)}"` } };
}
