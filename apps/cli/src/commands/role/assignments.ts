import { buildCommand } from '@stricli/core';
import * as z from 'zod/mini';
import { parseValue } from '@sallyport/model';
import { rolesAt } from '../../access/roles.ts';
import { authorizationPath, scopeOf } from '../../access/scope.ts';
import { servicePrincipals } from '../../access/service-principals.ts';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { scopeFlag } from './scope-flag.ts';

const assignmentSchema = z.object({
  name: z.string(),
  properties: z.object({ roleDefinitionId: z.string(), principalId: z.string(), scope: z.string() }),
});

export const roleAssignments = buildCommand({
  docs: { brief: 'Lists who holds which role where: above, at and below a scope' },
  parameters: { flags: { ...apiFlags, ...scopeFlag } },
  async func(this: CliContext, flags: ApiFlags & { readonly scope?: string }) {
    await withClient(this, flags, async (client) => {
      const scope = scopeOf(client.connection, flags.scope);
      const items = await client.list(authorizationPath(scope, 'roleAssignments'), apiVersions.authorization);
      const roles = new Map((await rolesAt(client, scope)).map(({ name, properties }) => [name, properties.roleName]));
      const principals = new Map(
        (await servicePrincipals(client)).map(({ properties }) => [properties.objectId, properties.displayName]),
      );
      const rows = items.map((item) => {
        const { name, properties } = parseValue(assignmentSchema, item, 'A role assignment');
        const role = properties.roleDefinitionId.split('/').at(-1) ?? '';
        const who = principals.get(properties.principalId) ?? properties.principalId;
        return [who, roles.get(role) ?? role, properties.scope, name];
      });
      answer(this, flags, items, ['WHO', 'ROLE', 'WHERE', 'ASSIGNMENT'], rows);
    });
  },
});
