/** Every credential of `@azure/identity` that signs in here, unmodified: what each may see is the proof that it is who it says. */
import { readFileSync } from 'node:fs';
import {
  ClientAssertionCredential,
  ClientCertificateCredential,
  DeviceCodeCredential,
  WorkloadIdentityCredential,
  type TokenCredential,
} from '@azure/identity';
import { ResourceManagementClient } from '@azure/arm-resources';
import { answer, clientOptions, collect, operator, refusalOf } from './session.ts';

interface Given {
  readonly certificateClient: string;
  readonly certificate: string;
  readonly otherCertificate: string;
  readonly federatedClient: string;
  readonly tokenFile: string;
  readonly foreignTokenFile: string;
}

const given = JSON.parse(process.argv[3] ?? '') as Given;
const options = { authorityHost: operator.endpoint, disableInstanceDiscovery: true };
const { tenantId } = operator;

async function groups(credential: TokenCredential): Promise<readonly (string | undefined)[]> {
  const client = new ResourceManagementClient(credential, operator.subscriptionId, clientOptions);
  return (await collect(client.resourceGroups.list())).map(({ name }) => name);
}

const certificate = (path: string): TokenCredential =>
  new ClientCertificateCredential(tenantId, given.certificateClient, path, options);
const assertion = (file: string): TokenCredential =>
  new ClientAssertionCredential(
    tenantId,
    given.federatedClient,
    () => Promise.resolve(readFileSync(file, 'utf8')),
    options,
  );

const byCertificate = await groups(certificate(given.certificate));
const byCertificateAdfs = await groups(
  new ClientCertificateCredential('adfs', given.certificateClient, given.certificate, options),
);
const byOtherCertificate = await refusalOf(() => groups(certificate(given.otherCertificate)));
const byAssertion = await groups(assertion(given.tokenFile));
const byForeignAssertion = await refusalOf(() => groups(assertion(given.foreignTokenFile)));
const byWorkload = await groups(
  new WorkloadIdentityCredential({
    ...options,
    tenantId,
    clientId: given.federatedClient,
    tokenFilePath: given.tokenFile,
  }),
);
const byDevice = await groups(
  new DeviceCodeCredential({
    ...options,
    tenantId,
    userPromptCallback: ({ userCode }) => {
      process.stderr.write(`CODE ${userCode}\n`);
    },
  }),
);

answer({
  byCertificate,
  byCertificateAdfs,
  byOtherCertificate,
  byAssertion,
  byForeignAssertion,
  byWorkload,
  byDevice,
});
