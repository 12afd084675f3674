import { formatResourceId, type ResourceId } from '@sallyport/model';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import type { Caller } from '../identity/caller.ts';
import type { Endpoint } from '../identity/endpoint.ts';
import { actionOf } from './action-of.ts';
import type { Registry } from './registry.ts';
import type { RequestIds } from './request-ids.ts';
import type { Target } from './target.ts';

/** What the activity log is told of a request for a target. */
export function originOf(
  endpoint: Endpoint,
  { method, path }: { readonly method: string; readonly path: string },
  ids: RequestIds,
  caller: Caller,
  target: Target,
  registry: Registry,
): EventOrigin {
  const type = registry.types.find(({ type }) => type.toLowerCase() === target.typeKey)?.type ?? target.typeKey;
  return {
    tenantId: endpoint.tenantId,
    subscriptionId: target.id.subscriptionId ?? '',
    resourceGroup: target.id.resourceGroup ?? '',
    resourceId: formatResourceId(canonicalId(target.id, type)),
    action: actionOf(type, method),
    caller: caller.clientId,
    claims: { ...caller.claims },
    correlationId: ids.correlationId,
    operationId: ids.requestId,
    clientRequestId: ids.clientRequestId,
    clientIpAddress: ids.clientIpAddress,
    method,
    uri: endpoint.url + path,
  };
}

/** The id with the namespace and types of its last section spelled as the registry spells them. */
export function canonicalId(id: ResourceId, type: string): ResourceId {
  const [namespace = '', ...types] = type.split('/');
  const last = id.providers.length - 1;
  const providers = id.providers.map((section, i) =>
    i === last && section.types.length === types.length ? { ...section, namespace, types } : section,
  );
  return { ...id, providers };
}
