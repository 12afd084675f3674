/** Tenant, subscription and operator: made on the first start, found again on later ones. */
import { parseJson } from '@sallyport/model';
import * as z from 'zod/mini';
import { requestEvents } from '../activity-log/events-of.ts';
import { ownOrigin } from '../activity-log/own-origin.ts';
import type { Environment } from '../environment.ts';
import { hashSecret } from '../identity/credentials/secret-hash.ts';
import type { Principal } from '../identity/principals.ts';
import { ownerRoleId } from '../rbac/built-in-roles.ts';
import { tenantScope } from '../rbac/scope.ts';
import type { Store, Writer } from '../store/store.ts';
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
 * replaces the old one, its holder is an Owner again, and the activity log says so.
 */
export async function firstIdentities(environment: Environment, store: Store, paths: StatePaths): Promise<Identities> {
  const text = readIfThere(paths.operator);
  const file = text === undefined ? undefined : parseJson(operatorFileSchema, text, `'${paths.operator}'`);
  const subscription = await store.read.selectFrom('subscriptions').selectAll().executeTakeFirst();
  const operator = await findOperator(store, file?.clientId);
  if (file !== undefined && operator?.client_id === file.clientId && subscription !== undefined) {
    return { ...file, tenantId: subscription.tenant_id, subscriptionId: subscription.subscription_id };
  }
  const identities: Identities = {
    tenantId: subscription?.tenant_id ?? file?.tenantId ?? environment.guid(),
    subscriptionId: subscription?.subscription_id ?? file?.subscriptionId ?? environment.guid(),
    clientId: operator?.client_id ?? file?.clientId ?? environment.guid(),
    clientSecret: file?.clientSecret ?? secretOf(environment.randomBytes(32)),
  };
  // The file first: after a crash in between, the next start finds the secret there and stores its hash.
  writeOperatorFile(paths, { endpoint: '', ...identities });
  await storeIdentities(environment, store, identities);
  return identities;
}

/** The operator of `operator.json`; without one, the first service principal there was. */
async function findOperator(store: Store, clientId: string | undefined): Promise<Principal | undefined> {
  const principals = await store.read
    .selectFrom('principals')
    .selectAll()
    .where('kind', '=', 'ServicePrincipal')
    .orderBy('created_at')
    .execute();
  return principals.find((principal) => principal.client_id === clientId) ?? principals[0];
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
    await makeOwner(writer, identities.clientId, environment);
    const resourceId = `/providers/Microsoft.Authorization/servicePrincipals/${identities.clientId}`;
    const action = 'Microsoft.Authorization/servicePrincipals/write';
    const origin = ownOrigin(environment, identities.tenantId, identities.subscriptionId, resourceId, action);
    return { value: undefined, events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'OK' }) };
  });
}

/** Whoever holds the state directory can always get in again: the operator that is made or renewed there is an Owner. */
async function makeOwner(writer: Writer, clientId: string, environment: Environment): Promise<void> {
  const { object_id } = await writer
    .selectFrom('principals')
    .select('object_id')
    .where('client_id', '=', clientId)
    .executeTakeFirstOrThrow();
  const now = environment.now();
  const author = { created_at: now, created_by: 'control-plane', changed_at: now, changed_by: 'control-plane' };
  await writer
    .insertInto('role_assignments')
    .values({
      assignment_id: environment.guid(),
      scope: tenantScope,
      scope_key: tenantScope,
      role_id: ownerRoleId,
      principal_id: object_id,
      description: 'The operator of this control plane',
      ...author,
    })
    .onConflict((conflict) => conflict.columns(['principal_id', 'scope_key', 'role_id']).doNothing())
    .execute();
}

/** Never begins with a dash: on a command line that would be an option. */
function secretOf(random: Uint8Array): string {
  return Buffer.from(random).toString('base64url').replace(/^-/, '_');
}
