import { buildCommand } from '@stricli/core';
import { rolesAt } from '../../access/roles.ts';
import { scopeOf } from '../../access/scope.ts';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { scopeFlag } from './scope-flag.ts';

export const roleList = buildCommand({
  docs: { brief: 'Lists the roles that can be given' },
  parameters: { flags: { ...apiFlags, ...scopeFlag } },
  async func(this: CliContext, flags: ApiFlags & { readonly scope?: string }) {
    await withClient(this, flags, async (client) => {
      const roles = await rolesAt(client, scopeOf(client.connection, flags.scope));
      const rows = roles.map(({ properties }) => [properties.roleName, properties.type, properties.description]);
      answer(this, flags, roles, ['ROLE', 'KIND', 'WHAT IT IS FOR'], rows);
    });
  },
});
