import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { userPath, userSchema } from '../../access/users.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { passwordFlags, passwordOf, type PasswordFlags } from './password-flags.ts';

export const userResetPassword = buildCommand({
  docs: {
    brief: 'Gives a person another password; they are signed out everywhere',
    fullDescription: 'Answers as JSON. A password that was made is shown this once and is kept nowhere.',
  },
  parameters: {
    flags: { connection: apiFlags.connection, ...passwordFlags },
    positional: { kind: 'tuple', parameters: [{ brief: 'User name', parse: String, placeholder: 'user' }] },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'> & PasswordFlags, user: string) {
    const properties = passwordOf(flags);
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const path = `${userPath(user)}/resetPassword`;
      const { body } = await client.change('POST', path, apiVersions.identity, { properties });
      const { name, properties: shown } = parseValue(userSchema, body, 'The user');
      this.process.stdout.write(`${JSON.stringify({ user: name, password: shown.password }, undefined, 2)}\n`);
    });
  },
});
