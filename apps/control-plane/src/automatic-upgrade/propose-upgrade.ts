/**
 * An automatic upgrade is a PATCH like anybody's: policy is asked, conflicts are refused, it is in the activity log, and the server
 * disposes. Only who asks is the control plane itself, with a role that can do this and nothing else.
 */
import type { Dispatcher } from '../arm/dispatcher.ts';
import { apiVersions } from '../providers/microsoft.hybridcompute/provider.ts';
import { accessOf } from '../rbac/access.ts';
import { tenantScope } from '../rbac/scope.ts';
import type { Services } from '../services.ts';
import type { Propose } from './automatic-upgrades.ts';

/** What the activity log names as the caller. */
export const upgrader = 'Sallyport automatic upgrade';

const permission = {
  actions: ['Microsoft.HybridCompute/machines/extensions/write'],
  notActions: [],
  dataActions: [],
  notDataActions: [],
};
const role = {
  id: '',
  name: upgrader,
  kind: 'BuiltInRole',
  description: '',
  permissions: [permission],
  assignableScopes: [],
} as const;

/** Proposes through the dispatcher. Each proposal throws `ArmError` when it is refused; nothing is done then. */
export function proposeThrough({ environment, endpoint }: Services, dispatcher: Dispatcher): Propose {
  const caller = {
    kind: 'ServicePrincipal',
    objectId: upgrader,
    clientId: upgrader,
    displayName: upgrader,
    tenantId: endpoint.tenantId,
    claims: {},
  } as const;
  const access = accessOf([{ role, scope: tenantScope }], caller);
  return async ({ groupName, machineName, extensionName }, { subscriptionId, version }) => {
    await dispatcher.inner({
      caller,
      access,
      method: 'PATCH',
      path: `/subscriptions/${subscriptionId}/resourceGroups/${groupName}/providers/Microsoft.HybridCompute/machines/${machineName}/extensions/${extensionName}`,
      apiVersion: apiVersions[0] ?? '',
      body: { properties: { typeHandlerVersion: version } },
      correlationId: environment.guid(),
    });
  };
}
