/** `Microsoft.Authorization/permissions`: what the caller may do at a scope. */
import type { ResourceType } from '../../arm/resource-type.ts';
import { scopeBeneath } from '../../rbac/scope.ts';
import { apiVersions, everyScope, namespace } from './names.ts';

/** The row of the registry. */
export function permissions(): ResourceType {
  return {
    type: `${namespace}/permissions`,
    scopes: everyScope,
    apiVersions,
    resource: 'none',
    // About the caller only.
    authorization: { collection: 'signed-in' },
    collection: {
      GET: ({ access, id }) =>
        Promise.resolve({ status: 200, body: { value: access.permissionsAt(scopeBeneath(id)) } }),
    },
  };
}
