import type { Selectable } from 'kysely';
import type { RoleAssignmentRow } from '../../store/schema.ts';
import { idAtScope, namespace, roleDefinitionId } from './names.ts';

export type Assignment = Selectable<RoleAssignmentRow>;

/** The ARM shape of an assignment. `properties.scope` is what clients insist on (arm-api §0.9). */
export function assignmentView(row: Assignment): unknown {
  return {
    id: idAtScope(row.scope, 'roleAssignments', row.assignment_id),
    name: row.assignment_id,
    type: `${namespace}/roleAssignments`,
    properties: {
      roleDefinitionId: roleDefinitionId(row.role_id, row.scope),
      principalId: row.principal_id,
      // There are no people and no groups here yet: every principal is an application or a machine.
      principalType: 'ServicePrincipal',
      scope: row.scope,
      ...(row.description === '' ? {} : { description: row.description }),
      condition: null,
      conditionVersion: null,
      createdOn: new Date(row.created_at).toISOString(),
      updatedOn: new Date(row.changed_at).toISOString(),
      createdBy: row.created_by,
      updatedBy: row.changed_by,
      delegatedManagedIdentityResourceId: null,
    },
  };
}
