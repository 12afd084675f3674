/** The headers that tell a client where to follow an operation. `Azure-AsyncOperation` only: a `Location` would promise a body (arm-api §0.6). */
import type { ArmRequest } from '../../arm/arm-request.ts';
import type { Endpoint } from '../../identity/endpoint.ts';
import type { Operation } from './extension-view.ts';
import { namespace } from './provider.ts';

/** Headers of the first answer of a long-running operation. `Retry-After` is always there, in seconds, at least 1 (arm-api §0.5). */
export function operationHeaders(
  endpoint: Endpoint,
  request: ArmRequest,
  operation: Pick<Operation, 'operation_id' | 'subscription_id' | 'location'>,
): Readonly<Record<string, string>> {
  return groupHeaders(endpoint, request, [operation]);
}

/** Between the ids of operations that are followed as one: an id has none. */
export const idSeparator = '~';

/** The headers for several operations that one request began: they are followed as one, which ends when the last of them has. */
export function groupHeaders(
  endpoint: Endpoint,
  request: ArmRequest,
  operations: readonly Pick<Operation, 'operation_id' | 'subscription_id' | 'location'>[],
): Readonly<Record<string, string>> {
  const [{ subscription_id, location } = { subscription_id: '', location: '' }] = operations;
  const ids = operations.map(({ operation_id }) => operation_id).join(idSeparator);
  const path = `/subscriptions/${subscription_id}/providers/${namespace}/locations/${encodeURIComponent(location)}/operationStatus/${ids}`;
  return { 'azure-asyncoperation': `${endpoint.url}${path}?api-version=${request.apiVersion}`, 'retry-after': '1' };
}
