import { buildCommand } from '@stricli/core';
import { parseValue } from '@sallyport/model';
import * as z from 'zod/mini';
import { servicePrincipalNamed, servicePrincipalsPath } from '../../../access/service-principals.ts';
import { answer, apiFlags, withClient, type ApiFlags, type CliContext } from '../../../context.ts';
import { apiVersions } from '../../../resources.ts';
import { principalArgument } from '../principal-argument.ts';

const certificateSchema = z.object({
  name: z.string(),
  properties: z.object({ subject: z.string(), thumbprint: z.string(), endDateTime: z.string() }),
});
const federatedSchema = z.object({
  name: z.string(),
  properties: z.object({ issuer: z.string(), subject: z.string(), audience: z.string() }),
});

export const credentialList = buildCommand({
  docs: { brief: 'Lists the certificates and provider identities that an application can sign in with' },
  parameters: {
    flags: apiFlags,
    positional: principalArgument,
  },
  async func(this: CliContext, flags: ApiFlags, principal: string) {
    await withClient(this, flags, async (client) => {
      const { properties } = await servicePrincipalNamed(client, principal);
      const path = `${servicePrincipalsPath}/${properties.clientId}`;
      const certificates = await client.list(`${path}/certificates`, apiVersions.identity);
      const federated = await client.list(`${path}/federatedCredentials`, apiVersions.identity);
      const rows = [
        ...certificates.map((item) => {
          const { name, properties } = parseValue(certificateSchema, item, 'A certificate');
          return [name, 'certificate', properties.subject, properties.thumbprint, properties.endDateTime];
        }),
        ...federated.map((item) => {
          const { name, properties } = parseValue(federatedSchema, item, 'A federated credential');
          return [name, 'federated', properties.subject, properties.issuer, ''];
        }),
      ];
      answer(
        this,
        flags,
        [...certificates, ...federated],
        ['CREDENTIAL', 'KIND', 'SUBJECT', 'THUMBPRINT OR ISSUER', 'ENDS'],
        rows,
      );
    });
  },
});
