import { buildCommand } from '@stricli/core';
import { servicePrincipalNamed, servicePrincipalsPath } from '../../../access/service-principals.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../../context.ts';
import { apiVersions } from '../../../resources.ts';
import { principalArgument } from '../principal-argument.ts';

export const credentialRemove = buildCommand({
  docs: { brief: 'Takes a certificate or a provider identity away from an application; it signs in with it no more' },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: {
      kind: 'tuple',
      parameters: [
        ...principalArgument.parameters,
        { brief: 'The credential, as the list names it', parse: String, placeholder: 'credential' },
      ],
    },
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, principal: string, credential: string) {
    await withClient(this, { ...flags, output: 'table' }, async (client) => {
      const { properties } = await servicePrincipalNamed(client, principal);
      // The name is of one of the two; removing what is not there is no error.
      for (const collection of ['certificates', 'federatedCredentials']) {
        const path = `${servicePrincipalsPath}/${properties.clientId}/${collection}/${encodeURIComponent(credential)}`;
        await client.change('DELETE', path, apiVersions.identity);
      }
      this.process.stdout.write(`'${properties.displayName}' cannot sign in with ${credential} any more.\n`);
    });
  },
});
