/** Carries remediations on, a step at a time: finds what does not comply, does what the policy wants of each, and sees how that went. */
import { messageOf, parseResourceId } from '@sallyport/model';
import { ArmError } from '../../arm/arm-error.ts';
import { deploymentOf } from '../../deployments/deployment-store.ts';
import { isOver } from '../../deployments/deployment.ts';
import { covers, scopeKey } from '../../rbac/scope.ts';
import { findPlain, type PlainResource } from '../../resources/plain-resource.ts';
import type { AssignedPolicy } from '../assigned-policy.ts';
import { evaluationOf } from '../assigned-policy.ts';
import { modified } from '../change.ts';
import { isObject, type Json, type JsonObject, member } from '../json.ts';
import { contextOf } from '../rule/evaluate-condition.ts';
import { loadPolicies } from '../stored/assigned-policies.ts';
import { surroundingsOf } from '../surroundings.ts';
import { carryOut, identityOf } from './carry-out.ts';
import { judge, lookAt, type Scanner } from './look-at.ts';
import { isRemediated, remediationOf, remediationType, type Remediation, type RemediationTask } from './remediation.ts';

/** A step of each that is under way. Returns whether one is. */
export async function carryOnRemediations(scanner: Scanner): Promise<boolean> {
  const { store } = scanner.services;
  const rows = await store.read.selectFrom('plain_resources').selectAll().where('type', '=', remediationType).execute();
  let working = false;
  for (const row of rows) {
    const remediation = remediationOf(row);
    if (isRemediated(remediation)) continue;
    working = true;
    await keep(scanner, row, await step(scanner, row, remediation));
  }
  return working;
}

async function step(scanner: Scanner, row: PlainResource, remediation: Remediation): Promise<Remediation> {
  try {
    const policy = await policyOf(scanner, remediation);
    if (remediation.provisioningState === 'Accepted') return await find(scanner, row, remediation, policy);
    return await carryOn(scanner, remediation, policy);
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    return { ...remediation, provisioningState: 'Failed', statusMessage: messageOf(error) };
  }
}

async function policyOf({ services }: Scanner, remediation: Remediation): Promise<AssignedPolicy> {
  const { all } = await loadPolicies(services.store.read);
  const found = all.find(
    ({ assignmentId, member: part }) =>
      scopeKey(assignmentId) === scopeKey(remediation.policyAssignmentId) &&
      (part?.referenceId ?? '').toLowerCase() === remediation.policyDefinitionReferenceId.toLowerCase(),
  );
  if (found !== undefined) return found;
  throw new ArmError(
    'PolicyAssignmentNotFound',
    `The assignment '${remediation.policyAssignmentId}' is no longer there.`,
  );
}

/** The resources that it is for. */
async function find(
  scanner: Scanner,
  row: PlainResource,
  remediation: Remediation,
  policy: AssignedPolicy,
): Promise<Remediation> {
  const { store, environment } = scanner.services;
  const scope = row.resource_id.slice(
    0,
    row.resource_id.toLowerCase().lastIndexOf('/providers/microsoft.policyinsights/'),
  );
  if (remediation.resourceDiscoveryMode === 'ReEvaluateCompliance') await evaluateBeneath(scanner, scope);
  const states = await store.read
    .selectFrom('policy_states')
    .selectAll()
    .where('assignment_key', '=', scopeKey(policy.assignmentId))
    .where('reference_key', '=', (policy.member?.referenceId ?? '').toLowerCase())
    .where('state', '=', 'NonCompliant')
    .orderBy('resource_key')
    .execute();
  const time = new Date(environment.now()).toISOString();
  const tasks = states
    .filter(({ resource_id }) => covers(scope, resource_id))
    .map(({ resource_id, record }): RemediationTask => {
      const { resourceLocation } = JSON.parse(record) as { readonly resourceLocation: string };
      return {
        resourceId: resource_id,
        resourceLocation,
        deploymentId: '',
        status: 'Waiting',
        createdOn: time,
        lastUpdatedOn: time,
      };
    })
    .filter(
      ({ resourceLocation }) =>
        remediation.locations.length === 0 || remediation.locations.includes(resourceLocation.toLowerCase()),
    )
    .slice(0, remediation.resourceCount);
  return { ...remediation, provisioningState: 'Running', tasks };
}

async function evaluateBeneath(scanner: Scanner, scope: string): Promise<void> {
  const policies = await loadPolicies(scanner.services.store.read);
  let from: string | undefined;
  do {
    const page = await scanner.resources.ids(scope, from, 100);
    for (const id of page.ids) await lookAt(scanner, policies, id, undefined);
    from = page.next;
  } while (from !== undefined);
}

async function carryOn(scanner: Scanner, remediation: Remediation, policy: AssignedPolicy): Promise<Remediation> {
  const seen: RemediationTask[] = [];
  for (const task of remediation.tasks) seen.push(task.status === 'Running' ? await outcome(scanner, task) : task);
  const failed = seen.filter(({ status }) => status === 'Failed').length;
  const stopped = failed > 0 && failed / Math.max(1, seen.length) > remediation.failureThreshold;
  const free = remediation.parallelDeployments - seen.filter(({ status }) => status === 'Running').length;
  const next = stopped ? [] : seen.filter(({ status }) => status === 'Waiting').slice(0, Math.max(0, free));
  const tasks: RemediationTask[] = [];
  for (const task of seen) tasks.push(next.includes(task) ? await begin(scanner, policy, task, remediation) : task);
  const left = tasks.some(({ status }) => status === 'Running' || (status === 'Waiting' && !stopped));
  if (left) return { ...remediation, tasks };
  const anyFailed = tasks.some(({ status }) => status === 'Failed');
  return {
    ...remediation,
    tasks: tasks.map((task) => (task.status === 'Waiting' ? { ...task, status: 'Canceled' as const } : task)),
    provisioningState: anyFailed ? 'Failed' : 'Succeeded',
    statusMessage: anyFailed ? 'At least one resource could not be remediated. List the deployments for details.' : '',
  };
}

async function outcome({ services }: Scanner, task: RemediationTask): Promise<RemediationTask> {
  const row = await findPlain(services.store.read, task.deploymentId);
  const lastUpdatedOn = new Date(services.environment.now()).toISOString();
  if (row === undefined)
    return {
      ...task,
      lastUpdatedOn,
      status: 'Failed',
      error: { code: 'DeploymentNotFound', message: 'The deployment is no longer there.' },
    };
  const deployment = deploymentOf(row);
  if (!isOver(deployment)) return task;
  if (deployment.provisioningState === 'Succeeded') return { ...task, lastUpdatedOn, status: 'Succeeded' };
  const { code = 'DeploymentFailed', message = 'The deployment failed.' } =
    deployment.error?.details?.[0] ?? deployment.error ?? {};
  return { ...task, lastUpdatedOn, status: 'Failed', error: { code, message } };
}

async function begin(
  scanner: Scanner,
  policy: AssignedPolicy,
  task: RemediationTask,
  { correlationId }: Remediation,
): Promise<RemediationTask> {
  const { services, resources, deployments } = scanner;
  const time = new Date(services.environment.now()).toISOString();
  try {
    const resource = await resources.show(task.resourceId);
    if (resource === undefined) return { ...task, status: 'Succeeded', lastUpdatedOn: time };
    const surroundings = await surroundingsOf(services, parseResourceId(resource.id) ?? { providers: [] }, '');
    // As it is now: what has come to comply meanwhile needs nothing.
    const [found] = await judge(resources, [policy], resource, surroundings);
    if (found?.compliance.state !== 'NonCompliant') return { ...task, status: 'Succeeded', lastUpdatedOn: time };
    if (found.compliance.effect === 'deployifnotexists') {
      const { deploymentId } = await carryOut(services, deployments, policy, resource, surroundings);
      return { ...task, deploymentId, status: 'Running', lastUpdatedOn: time };
    }
    const context = contextOf(evaluationOf(policy, resource, surroundings));
    const content = modified(resource.type, resource.content, policy.definition.rule.details, context);
    await scanner.dispatcher.inner({
      caller: await identityOf(services, policy),
      method: 'PATCH',
      ...writeOf(scanner, resource.id, resource.type, resource.content, content),
      correlationId,
    });
    return { ...task, status: 'Succeeded', lastUpdatedOn: time };
  } catch (error) {
    if (!(error instanceof ArmError)) throw error;
    return { ...task, status: 'Failed', lastUpdatedOn: time, error: { code: error.code, message: messageOf(error) } };
  }
}

/** The request that makes the change and no other: tags by themselves where only they change. */
function writeOf(
  { dispatcher }: Scanner,
  id: string,
  type: string,
  before: JsonObject,
  after: JsonObject,
): { readonly path: string; readonly apiVersion: string; readonly body: unknown } {
  const same = (name: string): boolean => JSON.stringify(member(before, name)) === JSON.stringify(member(after, name));
  if (same('properties')) {
    const tags = (member(after, 'tags') ?? {}) as Json;
    const path = `${id}/providers/Microsoft.Resources/tags/default`;
    return { path, apiVersion: '2021-04-01', body: { operation: 'Replace', properties: { tags } } };
  }
  const [was, is] = [member(before, 'properties'), member(after, 'properties')];
  const changed = Object.entries(isObject(is) ? is : {}).filter(
    ([name, value]) => !isObject(was) || JSON.stringify(was[name]) !== JSON.stringify(value),
  );
  const row = dispatcher.registry.types.find((one) => one.type === type);
  const apiVersion = row === undefined || row.apiVersions === 'any' ? '2021-04-01' : (row.apiVersions[0] ?? '');
  return {
    path: id,
    apiVersion,
    body: { properties: Object.fromEntries(changed), ...(same('tags') ? {} : { tags: member(after, 'tags') }) },
  };
}

async function keep({ services }: Scanner, row: PlainResource, remediation: Remediation): Promise<void> {
  const properties = JSON.stringify(remediation);
  if (properties === row.properties) return;
  await services.store.observe(async (writer) => {
    await writer
      .updateTable('plain_resources')
      .set({ properties, changed_at: services.environment.now() })
      .where('resource_key', '=', row.resource_key)
      // Called off meanwhile: that stays.
      .where('properties', '=', row.properties)
      .execute();
    return { value: undefined, events: [] };
  });
}
