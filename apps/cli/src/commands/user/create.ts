import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { assignRole } from '../../access/assign-role.ts';
import { roleNamed } from '../../access/roles.ts';
import { scopeOf } from '../../access/scope.ts';
import { userPath, userSchema } from '../../access/users.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { passwordFlags, passwordOf, type PasswordFlags } from './password-flags.ts';

interface Flags extends Omit<ApiFlags, 'output'>, PasswordFlags {
  readonly displayName?: string;
  readonly role?: string;
  readonly scope?: string;
}

const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder, optional: true }) as const;

export const userCreate = buildCommand({
  docs: {
    brief: 'Makes a person who can sign in, with a role if you name one',
    fullDescription:
      'Answers as JSON. A password that was made is shown this once and is kept nowhere; the person changes it on the page /password.',
  },
  parameters: {
    flags: {
      connection: apiFlags.connection,
      displayName: text('What people call them; by default the user name', 'NAME'),
      ...passwordFlags,
      role: text('A role to give them', 'ROLE'),
      scope: text("Where the role holds; by default the connection's subscription", 'SCOPE'),
    },
    positional: {
      kind: 'tuple',
      parameters: [{ brief: 'User name, written like an e-mail address', parse: String, placeholder: 'user' }],
    },
  },
  async func(this: CliContext, flags: Flags, user: string) {
    const password = passwordOf(flags);
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const scope = scopeOf(client.connection, flags.scope);
      // A role that does not exist is found out before anything is made.
      if (flags.role !== undefined) await roleNamed(client, scope, flags.role);
      const body = { properties: { displayName: flags.displayName ?? user, ...password } };
      const made = await client.change('PUT', userPath(user), apiVersions.identity, body);
      const { name, properties } = parseValue(userSchema, made.body, 'The user');
      const shown = { user: name, objectId: properties.objectId, password: properties.password };
      // Shown before the role is given: should that fail, the password is not lost.
      this.process.stdout.write(`${JSON.stringify(shown, undefined, 2)}\n`);
      if (flags.role !== undefined) {
        const { roleName } = await assignRole(client, scope, flags.role, properties.objectId);
        this.process.stderr.write(`'${name}' is ${roleName} at ${scope}.\n`);
      }
    });
  },
});
