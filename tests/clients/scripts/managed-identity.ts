/** The stock managed identity credential, unmodified, on an Arc machine: which token it gets and what ARM lets it do. */
import { HybridComputeManagementClient } from '@azure/arm-hybridcompute';
import { DefaultAzureCredential, ManagedIdentityCredential } from '@azure/identity';
import { decodeJwt } from 'jose';
import { answer, clientOptions, operator, refusalOf } from './session.ts';

const managed = new ManagedIdentityCredential();
const scope = `${operator.endpoint}/.default`;
const token = await managed.getToken(scope);
const again = await managed.getToken(scope);
const byDefault = await new DefaultAzureCredential().getToken('https://management.azure.com/.default');
const client = new HybridComputeManagementClient(managed, operator.subscriptionId, clientOptions);
const [group = '', machine = ''] = process.argv.slice(3);

answer({
  claims: decodeJwt(token.token),
  expiresOn: token.expiresOnTimestamp,
  cached: again.token === token.token,
  defaultAudience: decodeJwt(byDefault.token).aud,
  read: await client.machines.get(group, machine).then(
    ({ name }) => name,
    (error: unknown) => (error as { readonly code?: string }).code,
  ),
  deleted: await refusalOf(() => client.machines.delete(group, machine)),
  unknown: await refusalOf(() => managed.getToken('https://unknown.test/.default')),
});
