/** Reading a resource for the control plane's own purposes: what a GET would show to somebody who may see everything. */
import { formatResourceId, type ResourceId } from '@sallyport/model';
import { accessOf } from '../rbac/access.ts';
import { builtInRoles, readerRoleId } from '../rbac/built-in-roles.ts';
import { tenantScope } from '../rbac/scope.ts';
import { ArmError } from './arm-error.ts';
import type { ArmRequest } from './arm-request.ts';
import type { ResourceType } from './resource-type.ts';

const who = { clientId: 'control-plane', objectId: 'control-plane' };

/** The body of a GET of `id`, which is of the type of `row`; undefined when it is not there. */
export async function ownRead(row: ResourceType, id: ResourceId): Promise<unknown> {
  const path = formatResourceId(id);
  const reader = builtInRoles.filter((role) => role.id === readerRoleId);
  const request: ArmRequest = {
    method: 'GET',
    id,
    apiVersion: row.apiVersions === 'any' ? '' : (row.apiVersions[0] ?? ''),
    query: new Map(),
    path,
    waitSeconds: 0,
    body: undefined,
    caller: { kind: 'ServicePrincipal', ...who, displayName: who.clientId, tenantId: '', claims: {} },
    access: accessOf(
      reader.map((role) => ({ role, scope: tenantScope })),
      who,
    ),
    origin: {
      tenantId: '',
      subscriptionId: id.subscriptionId ?? '',
      resourceGroup: id.resourceGroup ?? '',
      resourceId: path,
      action: `${row.type}/read`,
      caller: who.clientId,
      claims: {},
      correlationId: '',
      operationId: '',
      clientRequestId: '',
      clientIpAddress: '',
      method: 'GET',
      uri: path,
    },
  };
  try {
    return (await row.item?.GET?.(request))?.body;
  } catch (error) {
    if (error instanceof ArmError && error.status === 404) return undefined;
    throw error;
  }
}
