/** Tenant, subscription and operator: made on the first start, found again on later ones. */
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { endedEvent, startedEvent } from '../activity-log/events-of.ts';
import type { Environment } from '../environment.ts';
import { hashSecret } from '../identity/secret-hash.ts';
import type { Store } from '../store/store.ts';
import { readIfThere } from './read-if-there.ts';
import type { StatePaths } from './state-paths.ts';
import { writeDurably } from '@sallyport/durable-files';

/** `operator.json`, for any client to go on with. */
export const operatorFileSchema = z.object({
  endpoint: z.string(),
  caFile: z.string(),
  tenantId: z.string(),
  clientId: z.string(),
  clientSecret: z.string(),
  subscriptionId: z.string(),
});
export type OperatorFile = z.infer<typeof operatorFileSchema>;

export type Identities = Omit<OperatorFile, 'endpoint' | 'caFile'>;

/**
 * The identities of this control plane. The secret is known from `operator.json` only; when that file is lost a new secret
 * replaces the old one, and the activity log says so.
 */
export async function firstIdentities(environment: Environment, store: Store, paths: StatePaths): Promise<Identities> {
  const text = readIfThere(paths.operator);
  const file = text === undefined ? undefined : parseJson(operatorFileSchema, text, `'${paths.operator}'`);
  const subscription = await store.read.selectFrom('subscriptions').selectAll().executeTakeFirst();
  const operator = await store.read
    .selectFrom('principals')
    .selectAll()
    .where('kind', '=', 'ServicePrincipal')
    .executeTakeFirst();
  if (file !== undefined && operator?.client_id === file.clientId && subscription !== undefined) {
    return { ...file, tenantId: subscription.tenant_id, subscriptionId: subscription.subscription_id };
  }
  const identities: Identities = {
    tenantId: subscription?.tenant_id ?? file?.tenantId ?? environment.guid(),
    subscriptionId: subscription?.subscription_id ?? file?.subscriptionId ?? environment.guid(),
    clientId: operator?.client_id ?? file?.clientId ?? environment.guid(),
    clientSecret: file?.clientSecret ?? Buffer.from(environment.randomBytes(32)).toString('base64url'),
  };
  // The file first: after a crash in between, the next start finds the secret there and stores its hash.
  writeOperatorFile(paths, { endpoint: '', ...identities });
  await storeIdentities(environment, store, identities);
  return identities;
}

/** Writes `operator.json` with the address that the control plane answers under now. */
export function writeOperatorFile(paths: StatePaths, identities: Identities & { readonly endpoint: string }): void {
  const { endpoint, tenantId, clientId, clientSecret, subscriptionId } = identities;
  const file: OperatorFile = { endpoint, caFile: paths.authority, tenantId, clientId, clientSecret, subscriptionId };
  writeDurably(paths.operator, `${JSON.stringify(file, undefined, 2)}\n`, 0o600);
}

async function storeIdentities(environment: Environment, store: Store, identities: Identities): Promise<void> {
  const secretHash = await hashSecret(identities.clientSecret, environment.randomBytes(16));
  const now = environment.now();
  const request = environment.guid();
  await store.change(async (writer) => {
    await writer
      .insertInto('subscriptions')
      .values({ subscription_id: identities.subscriptionId, tenant_id: identities.tenantId, display_name: 'Sallyport' })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
    const objectId = environment.guid();
    await writer
      .insertInto('principals')
      .values({
        object_id: objectId,
        client_id: identities.clientId,
        kind: 'ServicePrincipal',
        display_name: 'operator',
        secret_hash: secretHash,
        public_key: null,
        vm_id: null,
        created_at: now,
      })
      .onConflict((conflict) => conflict.column('client_id').doUpdateSet({ secret_hash: secretHash }))
      .execute();
    const origin = {
      tenantId: identities.tenantId,
      subscriptionId: identities.subscriptionId,
      resourceGroup: '',
      resourceId: `/providers/Microsoft.Authorization/servicePrincipals/${identities.clientId}`,
      action: 'Microsoft.Authorization/servicePrincipals/write',
      caller: 'control-plane',
      claims: {},
      correlationId: request,
      operationId: request,
      clientRequestId: '',
      clientIpAddress: '',
      method: '',
      uri: '',
    };
    const ended = endedEvent(environment, origin, { status: 'Succeeded', subStatus: 'OK' });
    return { value: undefined, events: [startedEvent(environment, origin), ended] };
  });
}
