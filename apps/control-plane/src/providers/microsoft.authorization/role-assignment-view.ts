import type { Selectable } from 'kysely';
import type { RoleAssignmentRow } from '../../store/schema/role-rows.ts';
import type { Reader } from '../../store/store.ts';
import { idAtScope, namespace, roleDefinitionId } from './names.ts';

export type Assignment = Selectable<RoleAssignmentRow>;

/** Who holds the assignments, by object id: people, or applications and machines, which ARM calls service principals. */
export type PrincipalTypes = ReadonlyMap<string, 'User' | 'ServicePrincipal'>;

/** Looks up who holds some assignments. */
export async function principalTypesOf(reader: Reader, rows: readonly Assignment[]): Promise<PrincipalTypes> {
  const people = await reader.selectFrom('principals').select('object_id').where('kind', '=', 'User').execute();
  const ids = new Set(people.map(({ object_id }) => object_id));
  return new Map(rows.map(({ principal_id: id }) => [id, ids.has(id) ? 'User' : 'ServicePrincipal']));
}

/** The ARM shape of an assignment. `properties.scope` is what clients insist on (arm-api §0.9). */
export function assignmentView(row: Assignment, types: PrincipalTypes): unknown {
  return {
    id: idAtScope(row.scope, 'roleAssignments', row.assignment_id),
    name: row.assignment_id,
    type: `${namespace}/roleAssignments`,
    properties: {
      roleDefinitionId: roleDefinitionId(row.role_id, row.scope),
      principalId: row.principal_id,
      principalType: types.get(row.principal_id) ?? 'ServicePrincipal',
      scope: row.scope,
      ...(row.description === '' ? {} : { description: row.description }),
      createdOn: new Date(row.created_at).toISOString(),
      updatedOn: new Date(row.changed_at).toISOString(),
      createdBy: row.created_by,
      updatedBy: row.changed_by,
    },
  };
}
