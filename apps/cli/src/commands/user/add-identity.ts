import { randomUUID } from 'node:crypto';
import { buildCommand } from '@stricli/core';
import { identityFlags, type IdentityFlags } from '../../access/federated-credentials.ts';
import { userPath } from '../../access/users.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';

export const userAddIdentity = buildCommand({
  docs: { brief: 'Says who of an identity provider a person is: its tokens are theirs from then on' },
  parameters: {
    flags: { connection: apiFlags.connection, ...identityFlags },
    positional: { kind: 'tuple', parameters: [{ brief: 'User name', parse: String, placeholder: 'user' }] },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'> & IdentityFlags, user: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const { issuer, subject } = flags;
      const path = `${userPath(user)}/federatedCredentials/${randomUUID()}`;
      await client.change('PUT', path, apiVersions.identity, { properties: { issuer, subject } });
      this.process.stdout.write(`'${subject}' of ${issuer} is '${user}'.\n`);
    });
  },
});
