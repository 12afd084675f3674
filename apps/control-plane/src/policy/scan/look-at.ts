/** Looks at one resource with every policy that is assigned to it, keeps what is found, and does what follows from a write. */
import { messageOf, parseResourceId } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import type { Dispatcher } from '../../arm/dispatcher.ts';
import type { Deployments } from '../../deployments/start-deployment.ts';
import type { Log } from '../../http/log.ts';
import { scopeKey } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { AssignedPolicy, Surroundings } from '../assigned-policy.ts';
import { complianceOf, type Compliance } from '../compliance.ts';
import { isObject, member, written } from '../json.ts';
import { PolicyError } from '../policy-error.ts';
import { recordFindings } from '../record-audited.ts';
import { relatedQuery } from '../related-query.ts';
import type { ShownResource, ShownResources } from '../shown-resources.ts';
import type { PoliciesInForce } from '../stored/assigned-policies.ts';
import { surroundingsOf } from '../surroundings.ts';
import { carryOut } from './carry-out.ts';
import { readDelay, whenToDeploy } from './delay.ts';
import { policyStateOf } from './policy-state.ts';

export interface Scanner {
  readonly services: Services;
  readonly resources: ShownResources;
  readonly deployments: Deployments;
  readonly dispatcher: Dispatcher;
  readonly log: Log;
  /** Connections of machines since then have not been looked at. */
  heartbeatsUntil: number;
}

/** What followed a write so far. */
export interface Written {
  readonly at: number;
  readonly doneUntil: number;
}

export interface Found {
  readonly policy: AssignedPolicy;
  readonly compliance: Compliance;
}

/** Returns when it has to be looked at again because of the write, if it has. */
export async function lookAt(
  scanner: Scanner,
  policies: PoliciesInForce,
  id: string,
  write: Written | undefined,
): Promise<number | undefined> {
  const { services, resources } = scanner;
  const resource = await resources.show(id);
  if (resource === undefined) {
    await forget(services, id);
    return undefined;
  }
  const surroundings = await surroundingsOf(services, parseResourceId(resource.id) ?? { providers: [] }, '');
  const found = await judge(resources, policies.at(resource.id), resource, surroundings);
  await keep(services, resource, found);
  return write === undefined ? undefined : follow(scanner, resource, surroundings, found, write);
}

/** What each policy finds. */
export async function judge(
  resources: ShownResources,
  policies: readonly AssignedPolicy[],
  resource: ShownResource,
  surroundings: Surroundings,
): Promise<readonly Found[]> {
  const found: Found[] = [];
  for (const policy of policies) {
    const query = queryOf(policy, resource, surroundings);
    const related = query === undefined ? [] : await resources.related(query);
    const compliance = complianceOf(policy, resource, resource.indexed, surroundings, related);
    if (compliance !== undefined) found.push({ policy, compliance });
  }
  return found;
}

/** A name that has no value is found out again, and told, when the policy is evaluated. */
function queryOf(
  policy: AssignedPolicy,
  resource: ShownResource,
  surroundings: Surroundings,
): ReturnType<typeof relatedQuery> {
  try {
    return relatedQuery(policy, resource, surroundings);
  } catch (error) {
    if (error instanceof PolicyError) return undefined;
    throw error;
  }
}

async function keep({ store, environment }: Services, resource: ShownResource, found: readonly Found[]): Promise<void> {
  const now = environment.now();
  const key = scopeKey(resource.id);
  await store.observe(async (writer) => {
    const before = await writer.selectFrom('policy_states').selectAll().where('resource_key', '=', key).execute();
    await writer.deleteFrom('policy_states').where('resource_key', '=', key).execute();
    for (const { policy, compliance } of found) {
      const assignment_key = scopeKey(policy.assignmentId);
      const reference_key = (policy.member?.referenceId ?? '').toLowerCase();
      const was = before.find((row) => row.assignment_key === assignment_key && row.reference_key === reference_key);
      await writer
        .insertInto('policy_states')
        .values({
          resource_key: key,
          assignment_key,
          reference_key,
          resource_id: resource.id,
          state: compliance.state,
          evaluated_at: now,
          changed_at: was?.state === compliance.state ? was.changed_at : now,
          record: JSON.stringify(policyStateOf(policy, resource, compliance)),
        })
        .onConflict((conflict) => conflict.doNothing())
        .execute();
    }
    return { value: undefined, events: [] };
  });
}

/** What is not there any more has no state, nor has what stood beneath it. */
async function forget({ store }: Services, id: string): Promise<void> {
  const key = scopeKey(id);
  await store.observe(async (writer) => {
    await writer
      .deleteFrom('policy_states')
      .where((row) =>
        row.or([
          row('resource_key', '=', key),
          row.and([row('resource_key', '>', `${key}/`), row('resource_key', '<', `${key}0`)]),
        ]),
      )
      .execute();
    return { value: undefined, events: [] };
  });
}

async function follow(
  { services, deployments, log }: Scanner,
  resource: ShownResource,
  surroundings: Surroundings,
  found: readonly Found[],
  write: Written,
): Promise<number | undefined> {
  const now = services.environment.now();
  const missing = found.filter(
    ({ compliance }) => compliance.state === 'NonCompliant' && compliance.related !== undefined,
  );
  if (write.doneUntil < write.at) await recordMissing(services, resource, missing);
  let again: number | undefined;
  const properties = member(resource.content, 'properties');
  const state = isObject(properties) ? written(member(properties, 'provisioningState') ?? '') : '';
  for (const { policy, compliance } of missing) {
    if (compliance.effect !== 'deployifnotexists' || !policy.enforced) continue;
    // The log, and machines that are new, are followed a little later: an assignment that came in between asks for nothing.
    if (write.at < policy.assignedAt) continue;
    const delay = readDelay(policy.definition.rule.related?.evaluationDelay);
    const when = whenToDeploy(delay, state, write.at, write.doneUntil, now);
    if (typeof when === 'number') again = Math.min(when, again ?? when);
    if (when !== 'now') continue;
    try {
      await carryOut(services, deployments, policy, resource, surroundings);
    } catch (error) {
      if (!(error instanceof ArmError)) throw error;
      log.warn({
        msg: 'a policy could not deploy',
        assignment: policy.assignmentId,
        resource: resource.id,
        reason: messageOf(error),
      });
    }
  }
  return again;
}

/** A write after which something is missing is on record, as one that policy audits is. */
async function recordMissing(services: Services, resource: ShownResource, missing: readonly Found[]): Promise<void> {
  const audited = missing.filter(({ compliance }) => compliance.effect === 'auditifnotexists');
  const id = parseResourceId(resource.id);
  await recordFindings(
    services,
    {
      tenantId: services.endpoint.tenantId,
      subscriptionId: id?.subscriptionId ?? '',
      resourceGroup: id?.resourceGroup ?? '',
      resourceId: resource.id,
      action: '',
      caller: 'Microsoft.PolicyInsights',
      claims: {},
      correlationId: services.environment.guid(),
      operationId: services.environment.guid(),
      clientRequestId: '',
      clientIpAddress: '',
      method: 'PUT',
      uri: resource.id,
    },
    audited.map(({ policy, compliance }) => ({ policy, effect: compliance.effect, told: compliance.told })),
  );
}
