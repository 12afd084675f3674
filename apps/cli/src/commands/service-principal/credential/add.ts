import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildCommand } from '@stricli/core';
import { CodedError, messageOf } from '@sallyport/model';
import { servicePrincipalNamed, servicePrincipalsPath } from '../../../access/service-principals.ts';
import { apiFlags, withClient, type ApiFlags, type CliContext } from '../../../context.ts';
import { apiVersions } from '../../../resources.ts';
import { principalArgument } from '../principal-argument.ts';

interface Flags extends Omit<ApiFlags, 'output'> {
  readonly certificate?: string;
  readonly issuer?: string;
  readonly subject?: string;
  readonly audience?: string;
}

const text = (brief: string, placeholder: string) =>
  ({ kind: 'parsed', parse: String, brief, placeholder, optional: true }) as const;

export const credentialAdd = buildCommand({
  docs: {
    brief: 'Lets an application sign in with a certificate, or as an identity of a provider',
    fullDescription:
      'Either --certificate FILE, or --issuer and --subject (workload identity). A certificate is sent without its key: only that part of the file is read.',
  },
  parameters: {
    flags: {
      connection: apiFlags.connection,
      certificate: text('PEM file with the certificate', 'FILE'),
      issuer: text('The identity provider; one that the control plane is configured with', 'URL'),
      subject: text('Whom the provider names', 'SUBJECT'),
      audience: text('What its tokens are for (api://AzureADTokenExchange)', 'AUDIENCE'),
    },
    positional: principalArgument,
  },
  async func(this: CliContext, flags: Flags, principal: string) {
    const credential = credentialOf(flags);
    await withClient(this, { ...flags, output: 'json' }, async (client) => {
      const { properties } = await servicePrincipalNamed(client, principal);
      const path = `${servicePrincipalsPath}/${properties.clientId}/${credential.collection}/${randomUUID()}`;
      const { body } = await client.change('PUT', path, apiVersions.identity, { properties: credential.properties });
      this.process.stdout.write(`${JSON.stringify(body, undefined, 2)}\n`);
    });
  },
});

function credentialOf({ certificate, issuer, subject, audience }: Flags): {
  readonly collection: 'certificates' | 'federatedCredentials';
  readonly properties: Readonly<Record<string, string>>;
} {
  const federated = issuer !== undefined || subject !== undefined || audience !== undefined;
  if (certificate !== undefined && !federated)
    return { collection: 'certificates', properties: { certificate: certificateIn(certificate) } };
  if (certificate === undefined && issuer !== undefined && subject !== undefined)
    return {
      collection: 'federatedCredentials',
      properties: { issuer, subject, ...(audience === undefined ? {} : { audience }) },
    };
  throw new CodedError('MalformedInput', 'Name either --certificate FILE, or --issuer URL and --subject SUBJECT.');
}

/** The certificate of a file. What else is there, the key before all, does not leave this machine. */
function certificateIn(file: string): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CodedError('MalformedInput', `The certificate ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
  const found = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(content)?.[0];
  if (found !== undefined) return found;
  throw new CodedError('MalformedInput', `There is no certificate (-----BEGIN CERTIFICATE-----) in ${file}.`);
}
