/** The unmodified clients in the hands of somebody who may read one group only. */
import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { HybridComputeManagementClient } from '@azure/arm-hybridcompute';
import { MonitorClient } from '@azure/arm-monitor';
import { PolicyClient } from '@azure/arm-policy';
import { ResourceManagementClient } from '@azure/arm-resources';
import { answer, clientOptions, collect, credential, operator, refusalOf } from './session.ts';

const [group = '', machine = '', otherGroup = '', objectId = ''] = process.argv.slice(3);
const { subscriptionId } = operator;
const scope = `/subscriptions/${subscriptionId}/resourceGroups/${group}`;
const compute = new HybridComputeManagementClient(credential, subscriptionId, clientOptions);
const resources = new ResourceManagementClient(credential, subscriptionId, clientOptions);
const monitor = new MonitorClient(credential, subscriptionId, clientOptions);
const authorization = new AuthorizationManagementClient(credential, subscriptionId, clientOptions);
const policy = new PolicyClient(credential, subscriptionId, clientOptions);

const since = `eventTimestamp ge '${new Date(Date.now() - 3_600_000).toISOString()}'`;
const events = await collect(monitor.activityLogs.list(since));
const onMachine = authorization.permissions.listForResource(group, 'Microsoft.HybridCompute', '', 'machines', machine);
const assignments = async (filter: string): Promise<readonly string[]> =>
  (await collect(authorization.roleAssignments.listForScope(scope, { filter }))).map(
    (one) => `${one.scope ?? ''} ${one.principalId ?? ''}`,
  );

answer({
  machines: (await collect(compute.machines.listBySubscription())).map(({ name }) => name),
  ofGroup: (await collect(compute.machines.listByResourceGroup(group))).map(({ name }) => name),
  ofOther: await refusalOf(() => collect(compute.machines.listByResourceGroup(otherGroup))),
  resources: (await collect(resources.resources.list())).map(({ name }) => name),
  groups: (await collect(resources.resourceGroups.list())).map(({ name }) => name),
  eventsOfGroups: [...new Set(events.map(({ resourceGroupName }) => resourceGroupName))],
  permissions: (await collect(onMachine)).map(({ actions }) => actions),
  permissionsElsewhere: await collect(authorization.permissions.listForResourceGroup(otherGroup)),
  mine: await assignments(`assignedTo('${objectId}')`),
  ofPrincipal: await assignments(`principalId eq '${objectId}'`),
  atScope: await assignments(`atScope() and principalId eq '${objectId}'`),
  assignmentsElsewhere: await refusalOf(() =>
    collect(authorization.roleAssignments.listForScope(scope.replace(group, otherGroup))),
  ),
  policies: (await collect(policy.policyAssignments.listForResourceGroup(group))).length,
  policiesElsewhere: await refusalOf(() => collect(policy.policyAssignments.listForResourceGroup(otherGroup))),
});
