/**
 * `Sallyport.Explain/policyEditors`: who could lift or loosen policy at a scope, and by which role (S5.2). Under a name of ours,
 * so that Microsoft's shapes stay what they are.
 */
import type { ResourceType } from '../../arm/resource-type.ts';
import { rolePermits } from '../../rbac/role.ts';
import { allRoles } from '../../rbac/roles.ts';
import { covers, scopeBeneath } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';

export const namespace = 'Sallyport.Explain';

/** What lets somebody change what policy does at a scope; the last two by giving themselves, or somebody, a role that may. */
const ways: Readonly<Record<string, string>> = {
  'Microsoft.Authorization/policyAssignments/write': 'may assign policy, and change what is assigned',
  'Microsoft.Authorization/policyAssignments/delete': 'may take away what is assigned',
  'Microsoft.Authorization/policyExemptions/write':
    'may exempt from what is assigned, where it may say so at the assignment too',
  'Microsoft.Authorization/policyDefinitions/write': 'may change what a definition says',
  'Microsoft.Authorization/policySetDefinitions/write': 'may change what an initiative holds',
  'Microsoft.Authorization/roleAssignments/write': 'may give anybody a role that may',
  'Microsoft.Authorization/roleDefinitions/write': 'may write a role that may',
};

/** The rows of the registry. Whoever may read role assignments at a scope may read this. */
export function policyEditors({ store }: Services): readonly ResourceType[] {
  return [
    {
      type: `${namespace}/policyEditors`,
      scopes: ['tenant', 'subscription', 'resourceGroup', 'resource'],
      apiVersions: ['2026-11-01'],
      resource: 'none',
      authorization: { collection: 'handler' },
      collection: {
        GET: async ({ id, access }) => {
          const scope = scopeBeneath(id);
          access.require('Microsoft.Authorization/roleAssignments/read', scope);
          const roles = new Map((await allRoles(store.read)).map((role) => [role.id, role]));
          const rows = await store.read
            .selectFrom('role_assignments')
            .leftJoin('principals', 'principals.object_id', 'role_assignments.principal_id')
            .select(['role_id', 'scope', 'principal_id', 'display_name', 'assignment_id'])
            .orderBy('assignment_id')
            .execute();
          const value = rows.flatMap((row) => {
            const role = roles.get(row.role_id);
            if (role === undefined || !covers(row.scope, scope)) return [];
            const can = Object.entries(ways).filter(([action]) => rolePermits(role, action));
            if (can.length === 0) return [];
            return {
              principalId: row.principal_id,
              displayName: row.display_name ?? '',
              roleName: role.name,
              assignedAt: row.scope,
              roleAssignment: row.assignment_id,
              can: can.map(([action, meaning]) => ({ action, meaning })),
            };
          });
          return { status: 200, body: { value } };
        },
      },
    },
  ];
}
