import { randomUUID } from 'node:crypto';
import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import { assignRole } from '../../access/assign-role.ts';
import { roleNamed } from '../../access/roles.ts';
import { scopeOf } from '../../access/scope.ts';
import { servicePrincipalSchema, servicePrincipalsPath } from '../../access/service-principals.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';

interface Flags extends Omit<ApiFlags, 'output'> {
  readonly name: string;
  readonly role?: string;
  readonly scope?: string;
}

export const servicePrincipalCreate = buildCommand({
  docs: {
    brief: 'Makes an application that can sign in, with a role if you name one',
    fullDescription:
      'Answers with its credentials as JSON. The secret is shown this once and is kept nowhere: send the output to a file that only you can read.',
  },
  parameters: {
    flags: {
      connection: apiFlags.connection,
      name: { kind: 'parsed', parse: String, brief: 'What people call it', placeholder: 'NAME' },
      role: { kind: 'parsed', parse: String, brief: 'A role to give it', optional: true, placeholder: 'ROLE' },
      scope: {
        kind: 'parsed',
        parse: String,
        brief: "Where the role holds; by default the connection's subscription",
        optional: true,
        placeholder: 'SCOPE',
      },
    },
  },
  async func(this: CliContext, flags: Flags) {
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const scope = scopeOf(client.connection, flags.scope);
      // A role that does not exist is found out before anything is made.
      if (flags.role !== undefined) await roleNamed(client, scope, flags.role);
      const path = `${servicePrincipalsPath}/${randomUUID()}`;
      const made = await client.change('PUT', path, apiVersions.identity, { properties: { displayName: flags.name } });
      const { properties } = parseValue(servicePrincipalSchema, made.body, 'The service principal');
      const { clientId, clientSecret, objectId } = properties;
      const credentials = { clientId, clientSecret, objectId, tenantId: client.connection.tenantId };
      // Shown before the role is given: should that fail, the secret is not lost.
      this.process.stdout.write(`${JSON.stringify(credentials, undefined, 2)}\n`);
      if (flags.role !== undefined) {
        const { roleName } = await assignRole(client, scope, flags.role, objectId);
        this.process.stderr.write(`'${flags.name}' is ${roleName} at ${scope}.\n`);
      }
    });
  },
});
