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
  const path = `/subscriptions/${operation.subscription_id}/providers/${namespace}/locations/${encodeURIComponent(operation.location)}/operationStatus/${operation.operation_id}`;
  return { 'azure-asyncoperation': `${endpoint.url}${path}?api-version=${request.apiVersion}`, 'retry-after': '1' };
}
