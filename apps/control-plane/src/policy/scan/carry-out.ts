/** Deploys what `deployIfNotExists` wants for one resource, as the identity of its assignment and with that identity's rights (S5.3). */
import { createHash } from 'node:crypto';
import { messageOf, parseResourceId } from '@sallyport/model';
import { requestEvents } from '../../activity-log/events-of.ts';
import type { EventOrigin } from '../../activity-log/event-origin.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { Deployment } from '../../deployments/deployment.ts';
import type { Deployments } from '../../deployments/start-deployment.ts';
import type { Caller } from '../../identity/caller.ts';
import type { Services } from '../../services.ts';
import { evaluationOf, type AssignedPolicy, type Surroundings } from '../assigned-policy.ts';
import { evaluateValue } from '../expression/evaluate.ts';
import { isObject, type JsonObject, member, written } from '../json.ts';
import { PolicyError } from '../policy-error.ts';
import { contextOf } from '../rule/evaluate-condition.ts';
import type { PolicyResource } from '../rule/field.ts';

export interface CarriedOut {
  readonly deploymentId: string;
  readonly ended: Promise<Deployment>;
}

/** Begins a deployment. Throws {@link ArmError} when it cannot be begun; that is on record too. */
export async function carryOut(
  services: Services,
  deployments: Deployments,
  policy: AssignedPolicy,
  resource: PolicyResource,
  surroundings: Surroundings,
): Promise<CarriedOut> {
  const { store, environment, endpoint } = services;
  const caller = await identityOf(services, policy);
  const { id, group, subscriptionId } = placeOf(policy, resource, surroundings);
  const origin: EventOrigin = {
    tenantId: endpoint.tenantId,
    subscriptionId,
    // Of the resource, also where it is the subscription that is deployed to: the log of a group is looked up by it.
    resourceGroup: parseResourceId(resource.id)?.resourceGroup ?? '',
    resourceId: resource.id,
    action: 'Microsoft.Authorization/policies/deployIfNotExists/action',
    caller: caller.clientId,
    claims: { ...caller.claims },
    correlationId: environment.guid(),
    operationId: environment.guid(),
    clientRequestId: '',
    clientIpAddress: '',
    method: 'PUT',
    uri: id,
  };
  const category = { value: 'Policy', localizedValue: 'Policy' };
  const record = async (failed: ArmError | undefined): Promise<void> => {
    const [started, ended] = requestEvents(environment, origin, {
      status: failed === undefined ? 'Succeeded' : 'Failed',
      subStatus: failed?.code ?? 'OK',
      ...(failed === undefined ? {} : { error: { code: failed.code, message: failed.message } }),
    });
    const policies = JSON.stringify([
      {
        policyDefinitionId: policy.definitionId,
        policyDefinitionEffect: 'deployIfNotExists',
        policyAssignmentId: policy.assignmentId,
        policyAssignmentScope: policy.scope,
      },
    ]);
    const properties = { ...ended.properties, policies, deploymentId: id };
    const events = [
      { ...started, category },
      { ...ended, category, properties },
    ] as const;
    await store.change(() => Promise.resolve({ value: undefined, events }));
  };
  try {
    const { ended } = await deployments.start({
      id,
      properties: deploymentProperties(policy, resource, surroundings),
      location: group === '' ? written(member(resource.content, 'location') ?? '') : undefined,
      tags: {},
      caller,
      origin: { ...origin, action: 'Microsoft.Resources/deployments/write' },
    });
    await record(undefined);
    return { deploymentId: id, ended };
  } catch (error) {
    const failure =
      error instanceof ArmError
        ? error
        : new ArmError('InvalidTemplate', `The policy cannot deploy: ${messageOf(error)}`);
    if (!(error instanceof ArmError) && !(error instanceof PolicyError)) throw error;
    await record(failure);
    throw failure;
  }
}

/** Parameters are evaluated as part of the rule; the template evaluates itself. */
function deploymentProperties(
  policy: AssignedPolicy,
  resource: PolicyResource,
  surroundings: Surroundings,
): JsonObject {
  const { deployment } = policy.definition.rule.related ?? {};
  if (deployment === undefined)
    throw new ArmError('InvalidTemplate', `The policy '${policy.definitionId}' has nothing to deploy.`);
  const context = contextOf(evaluationOf(policy, resource, surroundings));
  const parameters = evaluateValue(deployment.parameters, context);
  return { mode: 'Incremental', template: deployment.template, parameters };
}

/** Where it is deployed; its name is the same for the same resource and policy, so that it is not deployed twice at once. */
function placeOf(
  policy: AssignedPolicy,
  resource: PolicyResource,
  { subscription }: Surroundings,
): { readonly id: string; readonly group: string; readonly subscriptionId: string } {
  const parsed = parseResourceId(resource.id);
  const wide = policy.definition.rule.related?.deployment?.scope === 'subscription';
  const subscriptionId =
    parsed?.subscriptionId ?? (isObject(subscription) ? written(subscription['subscriptionId'] ?? '') : '');
  const group = wide ? '' : (parsed?.resourceGroup ?? '');
  const what = `${policy.assignmentId}\n${policy.member?.referenceId ?? ''}\n${resource.id}`.toLowerCase();
  const name = `PolicyDeployment_${createHash('sha256').update(what).digest('hex').slice(0, 20)}`;
  const scope = `/subscriptions/${subscriptionId}${group === '' ? '' : `/resourceGroups/${group}`}`;
  return { id: `${scope}/providers/Microsoft.Resources/deployments/${name}`, group, subscriptionId };
}

/** The caller that an assignment acts as. Throws {@link ArmError} when it has no identity. */
export async function identityOf(
  { store, endpoint }: Pick<Services, 'store' | 'endpoint'>,
  policy: AssignedPolicy,
): Promise<Caller> {
  const row = await store.read
    .selectFrom('principals')
    .selectAll()
    .where('object_id', '=', policy.identity ?? '')
    .executeTakeFirst();
  if (row === undefined)
    throw new ArmError(
      'ResourceIdentityRequired',
      `The assignment '${policy.assignmentId}' has no identity to deploy as. Write it again with 'identity': {'type': 'SystemAssigned'}.`,
    );
  return {
    kind: 'ServicePrincipal',
    objectId: row.object_id,
    clientId: row.client_id,
    displayName: row.display_name,
    tenantId: endpoint.tenantId,
    claims: { appid: row.client_id, oid: row.object_id, idtyp: 'app' },
  };
}
