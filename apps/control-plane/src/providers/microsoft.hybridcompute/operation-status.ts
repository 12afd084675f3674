/** `locations/{location}/operationStatus/{id}` and `operationResults/{id}`: where clients follow an operation (arm-api §1.3). */
import { isTerminal, parseJson, type OperationState } from '@sallyport/model';
import { eventOriginSchema } from '../../activity-log/event-origin.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { findExtension } from './extension-rows.ts';
import { extensionView, type Operation } from './extension-view.ts';
import { operationHeaders } from './operation-link.ts';
import { extensionType, namespace } from './provider.ts';

/** The rows of the registry. Every api-version is accepted: clients poll with their own (arm-api §1.3). */
export function operationStatus(services: Services): readonly ResourceType[] {
  const common = {
    scopes: ['subscription'],
    apiVersions: 'any',
    resource: 'none',
    authorization: { item: 'handler' },
  } as const;
  return [
    {
      ...common,
      type: `${namespace}/locations/operationStatus`,
      item: { GET: (request) => status(services, request) },
    },
    {
      ...common,
      type: `${namespace}/locations/operationResults`,
      item: { GET: (request) => result(services, request) },
    },
  ];
}

async function find({ store }: Services, request: ArmRequest): Promise<Operation> {
  const id = request.id.providers.at(-1)?.names[1]?.toLowerCase() ?? '';
  const operation = await store.read
    .selectFrom('operations')
    .selectAll()
    .where('operation_id', '=', id)
    .where('subscription_id', '=', request.id.subscriptionId ?? '')
    .executeTakeFirst();
  if (operation === undefined)
    throw new ArmError(
      'OperationNotFound',
      `The operation '${id.slice(0, 60)}' is not known here, or ended more than seven days ago.`,
    );
  // Whoever began it may follow it, and whoever may see what it is about.
  const { caller } = parseJson(eventOriginSchema, operation.origin, `The origin of operation '${id}'`);
  if (caller !== request.caller.clientId) request.access.require(`${extensionType}/read`, operation.resource_id);
  return operation;
}

/** A failure is a 200 whose body says so (arm-api §0.7). */
async function status(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const operation = await find(services, request);
  const state = operation.state as OperationState;
  const ended = isTerminal(state);
  const body = {
    id: request.path,
    name: operation.operation_id,
    status: !ended ? 'InProgress' : state === 'TimedOut' ? 'Failed' : state,
    startTime: new Date(operation.created_at).toISOString(),
    ...(operation.ended_at === null ? {} : { endTime: new Date(operation.ended_at).toISOString() }),
    ...(operation.error_code === null
      ? {}
      : { error: { code: operation.error_code, message: operation.error_message ?? '' } }),
  };
  return { status: 200, body, headers: ended ? {} : { 'retry-after': '1' } };
}

async function result(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const operation = await find(services, request);
  if (!isTerminal(operation.state as OperationState)) {
    return { status: 202, headers: operationHeaders(services.endpoint, request, operation) };
  }
  const { store } = services;
  const machine = await store.read
    .selectFrom('machines')
    .selectAll()
    .where('vm_id', '=', operation.vm_id)
    .executeTakeFirst();
  const extension = await findExtension(store.read, operation.vm_id, operation.extension_name_key);
  if (machine === undefined || extension === undefined || operation.kind === 'delete') return { status: 204 };
  return { status: 200, body: extensionView(machine, extension, operation, services.environment.now()) };
}
