import { buildCommand } from '@stricli/core';
import { userPath } from '../../access/users.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';

export const userSignOut = buildCommand({
  docs: { brief: 'Ends every session of a person: their tokens are refused at once' },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: { kind: 'tuple', parameters: [{ brief: 'User name', parse: String, placeholder: 'user' }] },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, user: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      await client.change('POST', `${userPath(user)}/endSessions`, apiVersions.identity);
      this.process.stdout.write(`'${user}' is signed out everywhere.\n`);
    });
  },
});
