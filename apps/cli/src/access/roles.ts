import * as z from 'zod/mini';
import { CodedError, parseValue } from '@sallyport/model';
import type { ArmClient } from '../connection/arm-client.ts';
import { apiVersions } from '../resources.ts';
import { authorizationPath } from './scope.ts';

export const roleSchema = z.object({
  id: z.string(),
  name: z.string(),
  properties: z.object({ roleName: z.string(), type: z.string(), description: z._default(z.string(), '') }),
});
export type RoleDefinition = z.infer<typeof roleSchema>;

/** The roles that can be assigned at or below a scope. */
export async function rolesAt(client: ArmClient, scope: string): Promise<readonly RoleDefinition[]> {
  const items = await client.list(authorizationPath(scope, 'roleDefinitions'), apiVersions.authorization);
  return items.map((item) => parseValue(roleSchema, item, 'A role'));
}

/** The role of a name or id, in any case. Throws {@link CodedError} `ResourceNotFound` with the names there are. */
export async function roleNamed(client: ArmClient, scope: string, role: string): Promise<RoleDefinition> {
  const roles = await rolesAt(client, scope);
  const wanted = role.toLowerCase();
  const found = roles.find(({ name, properties }) => [name, properties.roleName.toLowerCase()].includes(wanted));
  if (found !== undefined) return found;
  const names = roles.map(({ properties }) => `'${properties.roleName}'`).join(', ');
  throw new CodedError('ResourceNotFound', `There is no role '${role}' at ${scope}. There are ${names}.`);
}
