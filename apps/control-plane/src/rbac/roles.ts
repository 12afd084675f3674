/** Roles by id: the built-in ones, and those of the store. */
import { parseJson } from '@sallyport/model';
import type { Selectable } from 'kysely';
import * as z from 'zod/mini';
import type { RoleDefinitionRow } from '../store/schema/role-rows.ts';
import type { Reader } from '../store/store.ts';
import { builtInRoles } from './built-in-roles.ts';
import type { Role } from './role.ts';

const texts = z.array(z.string());
const permissionsSchema = z.array(
  z.object({ actions: texts, notActions: texts, dataActions: texts, notDataActions: texts }),
);

/** The custom role of a row. Throws when the row is not what was written. */
export function roleOfRow(row: Selectable<RoleDefinitionRow>): Role {
  return {
    id: row.role_id,
    name: row.name,
    kind: 'CustomRole',
    description: row.description,
    permissions: parseJson(permissionsSchema, row.permissions, `The role '${row.name}'`),
    assignableScopes: parseJson(texts, row.assignable_scopes, `The role '${row.name}'`),
  };
}

/** Every role there is, built-in ones first. */
export async function allRoles(reader: Reader): Promise<readonly Role[]> {
  const rows = await reader.selectFrom('role_definitions').selectAll().orderBy('name_key').execute();
  return [...builtInRoles, ...rows.map(roleOfRow)];
}

/** The role of an id (a GUID in any case), or undefined. */
export async function findRole(reader: Reader, id: string): Promise<Role | undefined> {
  const key = id.toLowerCase();
  const known = builtInRoles.find((role) => role.id === key);
  if (known !== undefined) return known;
  const row = await reader.selectFrom('role_definitions').selectAll().where('role_id', '=', key).executeTakeFirst();
  return row === undefined ? undefined : roleOfRow(row);
}
