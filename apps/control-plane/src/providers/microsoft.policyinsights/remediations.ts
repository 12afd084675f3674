/** `Microsoft.PolicyInsights/remediations`: what a policy wants is done for resources that were there before it. */
import * as z from 'zod/mini';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { systemData } from '../../arm/system-data.ts';
import {
  isRemediated,
  remediationOf,
  remediationType,
  type Remediation,
  type RemediationTask,
} from '../../policy/scan/remediation.ts';
import { policiesOf } from '../../policy/stored/assigned-policies.ts';
import { findAssignment, propertiesOf } from '../../policy/stored/policy-objects.ts';
import { covers, scopeBeneath, scopeKey } from '../../rbac/scope.ts';
import { findPlain, type PlainResource } from '../../resources/plain-resource.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';

const nameForm = /^[^<>*%&:\\?+/\u0000-\u001f]{1,128}$/;

const bodySchema = z.object({
  properties: z.object({
    policyAssignmentId: z.string(),
    policyDefinitionReferenceId: z.optional(z.nullable(z.string())),
    resourceDiscoveryMode: z.optional(z.nullable(z.enum(['ExistingNonCompliant', 'ReEvaluateCompliance']))),
    filters: z.optional(z.nullable(z.object({ locations: z.optional(z.nullable(z.array(z.string()))) }))),
    resourceCount: z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(50_000)))),
    parallelDeployments: z.optional(z.nullable(z.int().check(z.minimum(1), z.maximum(30)))),
    failureThreshold: z.optional(
      z.nullable(z.object({ percentage: z.optional(z.number().check(z.minimum(0), z.maximum(1))) })),
    ),
  }),
});

/** The rows of the registry. */
export function remediations(services: Services): readonly ResourceType[] {
  const common = {
    scopes: ['subscription', 'resourceGroup', 'resource'],
    apiVersions: 'any',
    resource: 'none',
  } as const;
  return [
    {
      ...common,
      type: remediationType,
      item: {
        GET: async (request) => ({ status: 200, body: view(await existing(services.store.read, request)) }),
        PUT: (request) => put(services, request),
        DELETE: (request) => remove(services, request),
      },
      collection: { GET: (request) => list(services, request) },
    },
    { ...common, type: `${remediationType}/cancel`, collection: { POST: (request) => cancel(services, request) } },
    {
      ...common,
      type: `${remediationType}/listDeployments`,
      onlyAsks: true,
      // A list that is asked for with POST: whoever may read the remediation may read it.
      authorization: { collection: 'handler' },
      collection: { POST: (request) => deployments(services, request) },
    },
  ];
}

function idOf({ id }: ArmRequest): string {
  const scope = scopeBeneath(id);
  return `${scope === '/' ? '' : scope}/providers/${remediationType}/${id.providers.at(-1)?.names[0] ?? ''}`;
}

async function existing(reader: Reader, request: ArmRequest): Promise<PlainResource> {
  const row = await findPlain(reader, idOf(request));
  if (row !== undefined) return row;
  throw new ArmError('ResourceNotFound', `The remediation '${idOf(request).slice(0, 400)}' was not found.`);
}

async function put({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const { properties } = parseBody(bodySchema, request.body);
  const name = request.id.providers.at(-1)?.names[0] ?? '';
  if (!nameForm.test(name))
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 130)}' is no name: 1 to 128 characters, none of < > * % & : \\ ? + /.`,
    );
  const id = idOf(request);
  const { row, fresh } = await store.change(async (writer) => {
    const before = await findPlain(writer, id);
    if (before !== undefined && !isRemediated(remediationOf(before)))
      throw new ArmError('DeploymentActive', `The remediation '${id}' is under way. Wait for it, or cancel it.`);
    await checkRemediable(writer, scopeBeneath(request.id), properties);
    const now = environment.now();
    const begun: Remediation = {
      policyAssignmentId: properties.policyAssignmentId,
      policyDefinitionReferenceId: properties.policyDefinitionReferenceId ?? '',
      resourceDiscoveryMode: properties.resourceDiscoveryMode ?? 'ExistingNonCompliant',
      locations: (properties.filters?.locations ?? []).map((one) => one.toLowerCase()),
      resourceCount: properties.resourceCount ?? 500,
      parallelDeployments: properties.parallelDeployments ?? 10,
      failureThreshold: properties.failureThreshold?.percentage ?? 1,
      provisioningState: 'Accepted',
      statusMessage: '',
      correlationId: request.origin.correlationId,
      tasks: [],
    };
    const said = { properties: JSON.stringify(begun), changed_at: now, changed_by: request.caller.clientId };
    const stored = await writer
      .insertInto('plain_resources')
      .values({
        ...said,
        resource_key: scopeKey(id),
        resource_id: id,
        type: remediationType,
        subscription_id: request.id.subscriptionId ?? '',
        group_key: (request.id.resourceGroup ?? '').toLowerCase(),
        location: null,
        tags: '{}',
        created_at: now,
        created_by: request.caller.clientId,
      })
      .onConflict((conflict) => conflict.column('resource_key').doUpdateSet(said))
      .returningAll()
      .executeTakeFirstOrThrow();
    const origin = { ...request.origin, resourceId: id };
    return {
      value: { row: stored, fresh: before === undefined },
      events: requestEvents(environment, origin, { status: 'Succeeded', subStatus: 'Created' }),
    };
  });
  return { status: fresh ? 201 : 200, body: view(row) };
}

/** Throws {@link ArmError} for what nothing can be done about: another effect, no identity, an assignment elsewhere. */
async function checkRemediable(
  reader: Reader,
  scope: string,
  { policyAssignmentId, policyDefinitionReferenceId }: z.infer<typeof bodySchema>['properties'],
): Promise<void> {
  const assignment = await findAssignment(reader, policyAssignmentId);
  if (assignment === undefined)
    throw new ArmError(
      'PolicyAssignmentNotFound',
      `The policy assignment '${policyAssignmentId.slice(0, 300)}' could not be found.`,
    );
  if (!covers(assignment.scope, scope) && !covers(scope, assignment.scope))
    throw new ArmError(
      'InvalidParameter',
      `The assignment '${policyAssignmentId.slice(0, 300)}' does not reach '${scope}'.`,
      'properties.policyAssignmentId',
    );
  const wanted = (policyDefinitionReferenceId ?? '').toLowerCase();
  const policies = await policiesOf(reader, assignment, propertiesOf(assignment));
  const policy = policies.find(({ member }) => (member?.referenceId ?? '').toLowerCase() === wanted);
  if (policy === undefined)
    throw new ArmError(
      'InvalidParameter',
      wanted === ''
        ? "An initiative is remediated one policy at a time: name it with 'policyDefinitionReferenceId'."
        : `The assigned initiative has no member '${wanted.slice(0, 100)}'.`,
      'properties.policyDefinitionReferenceId',
    );
  const { details, related } = policy.definition.rule;
  const changes = typeof details === 'object' && details !== null && 'operations' in details;
  if (related?.deployment === undefined && !changes)
    throw new ArmError(
      'InvalidParameter',
      `The policy '${policy.definitionId}' neither deploys nor modifies: there is nothing to do for it.`,
    );
  if (policy.identity === undefined)
    throw new ArmError(
      'ResourceIdentityRequired',
      `The assignment '${policy.assignmentId}' has no identity to act as.`,
    );
}

async function remove({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const id = idOf(request);
  const gone = await store.change(async (writer) => {
    const row = await findPlain(writer, id);
    if (row !== undefined && !isRemediated(remediationOf(row)))
      throw new ArmError('DeploymentActive', `The remediation '${id}' is under way. Wait for it, or cancel it.`);
    await writer.deleteFrom('plain_resources').where('resource_key', '=', scopeKey(id)).execute();
    const subStatus = row === undefined ? 'NoContent' : 'OK';
    return { value: row, events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus }) };
  });
  return gone === undefined ? { status: 204 } : { status: 200, body: view(gone) };
}

async function cancel({ store, environment }: Services, request: ArmRequest): Promise<ArmResponse> {
  const row = await store.change(async (writer) => {
    const found = await existing(writer, request);
    const remediation = remediationOf(found);
    if (isRemediated(remediation))
      throw new ArmError(
        'NothingInProgress',
        `The remediation '${found.resource_id}' is over: ${remediation.provisioningState}.`,
      );
    // Deployments that have begun come to their end; no more are begun.
    const said: Remediation = { ...remediation, provisioningState: 'Canceled' };
    const stored = await writer
      .updateTable('plain_resources')
      .set({ properties: JSON.stringify(said), changed_at: environment.now() })
      .where('resource_key', '=', found.resource_key)
      .returningAll()
      .executeTakeFirstOrThrow();
    return {
      value: stored,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
    };
  });
  return { status: 200, body: view(row) };
}

async function deployments({ store }: Services, request: ArmRequest): Promise<ArmResponse> {
  request.access.require(`${remediationType}/read`, idOf(request));
  const { tasks } = remediationOf(await existing(store.read, request));
  const value = tasks.map(
    ({ resourceId, resourceLocation, deploymentId, status, createdOn, lastUpdatedOn, error }) => ({
      remediatedResourceId: resourceId,
      deploymentId,
      status: status === 'Waiting' ? 'Evaluating' : status,
      resourceLocation,
      createdOn,
      lastUpdatedOn,
      ...(error === undefined ? {} : { error }),
    }),
  );
  return { status: 200, body: { value } };
}

async function list({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const scope = scopeBeneath(request.id);
  const rows = await store.read
    .selectFrom('plain_resources')
    .selectAll()
    .where('type', '=', remediationType)
    .where('resource_key', '>', wanted.after ?? '')
    .orderBy('resource_key')
    .execute();
  const kept = rows.filter(({ resource_id }) => covers(scope, resource_id));
  return { status: 200, body: page(endpoint.url, request, wanted, kept, (row) => row.resource_key, view) };
}

function view(row: PlainResource): unknown {
  const { tasks, locations, failureThreshold, ...shown } = remediationOf(row);
  const count = (status: RemediationTask['status']): number => tasks.filter((task) => task.status === status).length;
  return {
    id: row.resource_id,
    name: row.resource_id.split('/').at(-1),
    type: remediationType,
    properties: {
      ...shown,
      ...(locations.length === 0 ? {} : { filters: { locations } }),
      failureThreshold: { percentage: failureThreshold },
      createdOn: new Date(row.created_at).toISOString(),
      lastUpdatedOn: new Date(row.changed_at).toISOString(),
      deploymentStatus: {
        totalDeployments: tasks.length,
        successfulDeployments: count('Succeeded'),
        failedDeployments: count('Failed'),
      },
    },
    systemData: systemData(row),
  };
}
