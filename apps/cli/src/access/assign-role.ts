import { randomUUID } from 'node:crypto';
import type { ArmClient } from '../connection/arm-client.ts';
import { apiVersions } from '../resources.ts';
import { authorizationPath } from './scope.ts';
import { roleNamed } from './roles.ts';

/** Gives a role to a principal at a scope. Returns the assignment as the API shows it. */
export async function assignRole(
  client: ArmClient,
  scope: string,
  role: string,
  principalId: string,
): Promise<{ readonly roleName: string; readonly assignment: unknown }> {
  const definition = await roleNamed(client, scope, role);
  const path = authorizationPath(scope, `roleAssignments/${randomUUID()}`);
  const properties = { roleDefinitionId: definition.id, principalId };
  const { body } = await client.change('PUT', path, apiVersions.authorization, { properties });
  return { roleName: definition.properties.roleName, assignment: body };
}
