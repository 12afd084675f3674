/** `Microsoft.Resources/deployments`: templates of the types that there are, deployed with the rights of whoever asks (arm-api §9). */
import { formatResourceId } from '@sallyport/model';
import * as z from 'zod/mini';
import { requestEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import { parseBody } from '../../arm/body.ts';
import { canonicalId } from '../../arm/origin-of.ts';
import { page, pageRequest } from '../../arm/paging.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import { readTags, tagsSchema } from '../../arm/tags.ts';
import { deploymentType, isOver, type Deployment } from '../../deployments/deployment.ts';
import { deploymentOf } from '../../deployments/deployment-store.ts';
import type { Deployments } from '../../deployments/start-deployment.ts';
import type { PreparedDeployment, WantedDeployment } from '../../deployments/wanted-deployment.ts';
import { isObject, written } from '../../policy/json.ts';
import { scopeBeneath, scopeKey } from '../../rbac/scope.ts';
import { findPlain, type PlainResource } from '../../resources/plain-resource.ts';
import type { Services } from '../../services.ts';

const nameForm = /^[A-Za-z0-9._()-]{1,64}$/;

const bodySchema = z.object({
  location: z.optional(z.nullable(z.string().check(z.maxLength(100)))),
  tags: z.optional(z.nullable(tagsSchema)),
  properties: z.record(z.string(), z.json()),
});

/** The rows of the registry. */
export function deploymentTypes(services: Services, deployments: Deployments): readonly ResourceType[] {
  const { store, environment } = services;
  const common = { scopes: ['subscription', 'resourceGroup'], apiVersions: 'any', resource: 'none' } as const;
  return [
    {
      ...common,
      type: deploymentType,
      item: {
        GET: async (request) => ({ status: 200, body: view(await existing(services, request)) }),
        PUT: (request) => put(services, deployments, request),
        DELETE: (request) => remove(services, request),
      },
      collection: { GET: (request) => list(services, request) },
    },
    {
      ...common,
      type: `${deploymentType}/validate`,
      onlyAsks: true,
      collection: {
        POST: async (request) => {
          const wanted = wantedBy(request);
          const prepared = await deployments.prepare(wanted);
          await store.change(() => {
            return Promise.resolve({
              value: undefined,
              events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' }),
            });
          });
          return { status: 200, body: validated(wanted, prepared, request) };
        },
      },
    },
    {
      ...common,
      type: `${deploymentType}/whatIf`,
      onlyAsks: true,
      collection: { POST: (request) => whatIf(services, deployments, request) },
    },
    {
      ...common,
      type: `${deploymentType}/cancel`,
      collection: { POST: (request) => cancel(services, deployments, request) },
    },
    {
      ...common,
      type: `${deploymentType}/operations`,
      collection: { GET: (request) => operations(services, request) },
    },
    {
      ...common,
      type: `${deploymentType}/operationStatuses`,
      // Whoever may see the deployment may follow it.
      authorization: { item: 'handler' },
      item: { GET: (request) => status(services, request) },
    },
  ];
}

/** A refusal that the deployment would meet is the answer, not a failure of the question: ARM has it in the body. */
async function whatIf(
  { store, environment }: Services,
  deployments: Deployments,
  request: ArmRequest,
): Promise<ArmResponse> {
  const wanted = wantedBy(request);
  const settings = wanted.properties['whatIfSettings'];
  const format = isObject(settings) ? written(settings['resultFormat'] ?? '').toLowerCase() : '';
  let body: unknown;
  try {
    const changes = await deployments.predict(wanted, request);
    const shown = changes.map(({ resourceId, changeType, ...rest }) =>
      format === 'resourceidonly' ? { resourceId, changeType } : { resourceId, changeType, ...rest },
    );
    body = { status: 'Succeeded', properties: { correlationId: request.origin.correlationId, changes: shown } };
  } catch (error) {
    if (!(error instanceof ArmError) || error.status === 500) throw error;
    const { code, message, target } = error;
    body = { status: 'Failed', error: { code, message, ...(target === undefined ? {} : { target }) } };
  }
  await store.change(() => {
    const events = requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'OK' });
    return Promise.resolve({ value: undefined, events });
  });
  return { status: 200, body };
}

/** The id of the deployment that a request is for, or for something of. */
function idOf({ id }: ArmRequest): string {
  const section = id.providers.at(-1);
  const names = section?.names.slice(0, 1) ?? [];
  const providers = [...id.providers.slice(0, -1), { namespace: 'Microsoft.Resources', types: ['deployments'], names }];
  return formatResourceId(canonicalId({ ...id, providers }, deploymentType));
}

async function existing({ store }: Services, request: ArmRequest): Promise<PlainResource> {
  const row = await findPlain(store.read, idOf(request));
  if (row !== undefined) return row;
  const name = request.id.providers.at(-1)?.names[0] ?? '';
  throw new ArmError('DeploymentNotFound', `Deployment '${name.slice(0, 100)}' could not be found.`);
}

function wantedBy(request: ArmRequest): WantedDeployment {
  const name = request.id.providers.at(-1)?.names[0] ?? '';
  if (!nameForm.test(name))
    throw new ArmError(
      'InvalidResourceName',
      `'${name.slice(0, 100)}' is not the name of a deployment: 1 to 64 letters, digits, '.', '_', '-' and brackets.`,
    );
  const { location, tags, properties } = parseBody(bodySchema, request.body);
  return {
    id: idOf(request),
    properties,
    location: location ?? undefined,
    tags: tags ?? {},
    caller: request.caller,
    origin: request.origin,
  };
}

async function put(services: Services, deployments: Deployments, request: ArmRequest): Promise<ArmResponse> {
  const wanted = wantedBy(request);
  if (request.id.resourceGroup !== undefined) await requireGroup(services, request);
  const { fresh } = await deployments.start(wanted);
  const row = await existing(services, request);
  const link = `${services.endpoint.url}${wanted.id}/operationStatuses/${request.origin.operationId}`;
  return {
    status: fresh ? 201 : 200,
    body: view(row),
    headers: { 'azure-asyncoperation': `${link}?api-version=${request.apiVersion}`, 'retry-after': '1' },
  };
}

async function requireGroup({ store }: Services, { id }: ArmRequest): Promise<void> {
  const row = await store.read
    .selectFrom('resource_groups')
    .select('name')
    .where('subscription_id', '=', id.subscriptionId ?? '')
    .where('name_key', '=', (id.resourceGroup ?? '').toLowerCase())
    .executeTakeFirst();
  if (row === undefined)
    throw new ArmError('ResourceGroupNotFound', `Resource group '${id.resourceGroup ?? ''}' could not be found.`);
}

async function remove(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment } = services;
  const id = idOf(request);
  await store.change(async (writer) => {
    const row = await findPlain(writer, id);
    if (row !== undefined && !isOver(deploymentOf(row)))
      throw new ArmError('DeploymentActive', `The deployment '${id}' is under way. Wait for it, or cancel it.`);
    await writer.deleteFrom('plain_resources').where('resource_key', '=', scopeKey(id)).execute();
    return {
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'NoContent' }),
    };
  });
  return { status: 204 };
}

async function cancel(services: Services, deployments: Deployments, request: ArmRequest): Promise<ArmResponse> {
  const { store, environment } = services;
  const row = await existing(services, request);
  if (isOver(deploymentOf(row)) || !deployments.cancel(row.resource_id))
    throw new ArmError('NothingInProgress', `The deployment '${row.resource_id}' is not under way here.`);
  await store.change(() =>
    Promise.resolve({
      value: undefined,
      events: requestEvents(environment, request.origin, { status: 'Succeeded', subStatus: 'NoContent' }),
    }),
  );
  return { status: 204 };
}

async function list({ store, endpoint, pageSize }: Services, request: ArmRequest): Promise<ArmResponse> {
  const wanted = pageRequest(request, pageSize);
  const prefix = `${scopeKey(scopeBeneath(request.id))}/providers/${deploymentType.toLowerCase()}`;
  const rows = await store.read
    .selectFrom('plain_resources')
    .selectAll()
    .where('type', '=', deploymentType)
    .where('resource_key', '>', `${prefix}/`)
    // Beside that it stands there: whoever makes a link up must not reach what stands elsewhere (T86).
    .where('resource_key', '>', wanted.after ?? '')
    .where('resource_key', '<', `${prefix}0`)
    .orderBy('resource_key')
    .limit(wanted.size + 1)
    .execute();
  return { status: 200, body: page(endpoint.url, request, wanted, rows, (row) => row.resource_key, view) };
}

async function operations(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const row = await existing(services, request);
  const value = deploymentOf(row).parts.map((part, index) => ({
    id: `${row.resource_id}/operations/${index}`,
    operationId: String(index),
    properties: {
      provisioningOperation: 'Create',
      provisioningState: part.state === 'Waiting' ? 'Accepted' : part.state,
      timestamp: part.time,
      targetResource: { id: part.id, resourceType: part.type, resourceName: part.id.split('/').at(-1) },
      ...(part.error === undefined ? {} : { statusMessage: { error: part.error } }),
    },
  }));
  return { status: 200, body: { value } };
}

async function status(services: Services, request: ArmRequest): Promise<ArmResponse> {
  request.access.require(`${deploymentType}/read`, idOf(request));
  const deployment = deploymentOf(await existing(services, request));
  const { provisioningState, operationId, error } = deployment;
  const asked = request.id.providers.at(-1)?.names[1] ?? '';
  // A later deployment of the same name is another operation; its end must not be taken for the end of this one.
  if (operationId !== undefined && operationId.toLowerCase() !== asked.toLowerCase())
    throw new ArmError(
      'OperationNotFound',
      `The deployment has no operation '${asked.slice(0, 100)}': another one of the same name came after it.`,
    );
  return {
    status: 200,
    body: { status: provisioningState, ...(error === undefined ? {} : { error }) },
    headers: isOver(deployment) ? {} : { 'retry-after': '1' },
  };
}

function view(row: PlainResource): unknown {
  const deployment = deploymentOf(row);
  const tags = readTags(row.tags);
  return {
    id: row.resource_id,
    name: row.resource_id.split('/').at(-1),
    type: deploymentType,
    ...(row.location === null ? {} : { location: row.location }),
    ...(Object.keys(tags).length === 0 ? {} : { tags }),
    properties: shown(deployment),
  };
}

function shown(deployment: Deployment): Readonly<Record<string, unknown>> {
  const { startedAt, endedAt, parts, outputs, error } = deployment;
  const seconds = (Date.parse(endedAt ?? startedAt) - Date.parse(startedAt)) / 1000;
  return {
    mode: deployment.mode,
    provisioningState: deployment.provisioningState,
    correlationId: deployment.correlationId,
    timestamp: endedAt ?? startedAt,
    duration: `PT${seconds}S`,
    parameters: deployment.parameters,
    providers: [],
    dependencies: [],
    ...(outputs === undefined ? {} : { outputs }),
    outputResources: parts.filter(({ state }) => state === 'Succeeded').map(({ id }) => ({ id })),
    ...(error === undefined ? {} : { error }),
  };
}

function validated({ id }: WantedDeployment, { planned }: PreparedDeployment, request: ArmRequest): unknown {
  return {
    id,
    name: id.split('/').at(-1),
    type: deploymentType,
    properties: {
      mode: 'Incremental',
      provisioningState: 'Succeeded',
      correlationId: request.origin.correlationId,
      timestamp: null,
      duration: 'PT0S',
      providers: [],
      dependencies: [],
      validatedResources: planned.map((resource) => ({ id: resource.id })),
    },
  };
}
