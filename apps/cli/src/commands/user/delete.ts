import { buildCommand } from '@stricli/core';
import { userPath } from '../../access/users.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';

export const userDelete = buildCommand({
  docs: { brief: 'Removes a person with every role they hold; they are signed out at once' },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: { kind: 'tuple', parameters: [{ brief: 'User name', parse: String, placeholder: 'user' }] },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, user: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      await client.change('DELETE', userPath(user), apiVersions.identity);
      this.process.stdout.write(`'${user}' is removed.\n`);
    });
  },
});
