import { buildCommand } from '@stricli/core';
import { servicePrincipalNamed, servicePrincipalsPath } from '../../access/service-principals.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { principalArgument } from './principal-argument.ts';

export const servicePrincipalDelete = buildCommand({
  docs: { brief: 'Removes an application and every role it holds; it is signed out at once' },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: principalArgument,
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, principal: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const { properties } = await servicePrincipalNamed(client, principal);
      await client.change('DELETE', `${servicePrincipalsPath}/${properties.clientId}`, apiVersions.identity);
      this.process.stdout.write(`'${properties.displayName}' (${properties.clientId}) is removed.\n`);
    });
  },
});
