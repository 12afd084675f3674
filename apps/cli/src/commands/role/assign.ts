import { buildCommand } from '@stricli/core';
import { assignRole } from '../../access/assign-role.ts';
import { scopeOf } from '../../access/scope.ts';
import { principalNamed } from '../../access/principals.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { scopeFlag } from './scope-flag.ts';

interface Flags extends Omit<ApiFlags, 'output'> {
  readonly scope?: string;
  readonly to: string;
}

export const roleAssign = buildCommand({
  docs: { brief: 'Gives an application or a person a role' },
  parameters: {
    flags: {
      connection: apiFlags.connection,
      ...scopeFlag,
      to: {
        kind: 'parsed',
        parse: String,
        brief: 'The client id, object id or name of an application, the user name of a person',
        placeholder: 'PRINCIPAL',
      },
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'Name or id of the role', parse: String, placeholder: 'role' }],
    },
  },
  async func(this: CliContext, flags: Flags, role: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const scope = scopeOf(client.connection, flags.scope);
      const { displayName, objectId } = await principalNamed(client, flags.to);
      const { roleName } = await assignRole(client, scope, role, objectId);
      this.process.stdout.write(`'${displayName}' is ${roleName} at ${scope}.\n`);
    });
  },
});
