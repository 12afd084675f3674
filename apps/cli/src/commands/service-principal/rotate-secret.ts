import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import {
  servicePrincipalNamed,
  servicePrincipalSchema,
  servicePrincipalsPath,
} from '../../access/service-principals.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../context.ts';
import { apiVersions } from '../../resources.ts';
import { principalArgument } from './principal-argument.ts';

export const servicePrincipalRotateSecret = buildCommand({
  docs: {
    brief: 'Gives an application a new secret; the old one is refused from then on',
    fullDescription: 'Answers with its credentials as JSON. The secret is shown this once and is kept nowhere.',
  },
  parameters: {
    flags: { connection: apiFlags.connection },
    positional: principalArgument,
  },
  async func(this: CliContext, flags: Omit<ApiFlags, 'output'>, principal: string) {
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const { properties } = await servicePrincipalNamed(client, principal);
      const path = `${servicePrincipalsPath}/${properties.clientId}/rotateSecret`;
      const rotated = await client.change('POST', path, apiVersions.identity);
      const { clientId, clientSecret, objectId } = parseValue(
        servicePrincipalSchema,
        rotated.body,
        'The service principal',
      ).properties;
      const credentials = { clientId, clientSecret, objectId, tenantId: client.connection.tenantId };
      this.process.stdout.write(`${JSON.stringify(credentials, undefined, 2)}\n`);
    });
  },
});
