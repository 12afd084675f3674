/** A role that lets its holder do this and no more, for tests of what callers may see. */
import type { Role } from '../rbac/role.ts';

export function testRole(actions: readonly string[], notActions: readonly string[] = []): Role {
  return {
    id: 'r',
    name: 'r',
    kind: 'CustomRole',
    description: '',
    permissions: [{ actions, notActions, dataActions: [], notDataActions: [] }],
    assignableScopes: ['/'],
  };
}
