/** `locations/{location}/operationStatus/{id}` and `operationResults/{id}`: where clients follow an operation (arm-api §1.3). */
import { isTerminal, parseJson, type OperationState } from '@sallyport/model';
import { eventOriginSchema } from '../../activity-log/event-origin.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest, ArmResponse } from '../../arm/arm-request.ts';
import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { findExtension } from './extension-rows.ts';
import { extensionView, type Operation } from './extension-view.ts';
import { groupHeaders, idSeparator } from './operation-link.ts';
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

/** The operations that an id names: one, or several that are followed as one. Throws {@link ArmError} when one of them is not known. */
async function find({ store }: Services, request: ArmRequest): Promise<readonly Operation[]> {
  const ids = (request.id.providers.at(-1)?.names[1]?.toLowerCase() ?? '').split(idSeparator).slice(0, 100);
  const operations = await store.read
    .selectFrom('operations')
    .selectAll()
    .where('operation_id', 'in', ids)
    .where('subscription_id', '=', request.id.subscriptionId ?? '')
    .execute();
  for (const id of ids) {
    const operation = operations.find(({ operation_id }) => operation_id === id);
    if (operation === undefined)
      throw new ArmError(
        'OperationNotFound',
        `The operation '${id.slice(0, 60)}' is not known here, or ended more than seven days ago.`,
      );
    // Whoever began it may follow it, and whoever may see what it is about.
    const { caller } = parseJson(eventOriginSchema, operation.origin, `The origin of operation '${id}'`);
    if (caller !== request.caller.clientId) request.access.require(`${extensionType}/read`, operation.resource_id);
  }
  return operations;
}

/** A question waits at most this long for the end, whatever the client prefers: proxies cut what is silent. Seconds. */
const longestWait = 20;
/** So many wait in this process; more are answered at once, and come again as any client does. */
const mostWaiting = 1_000;

/** The same once they have ended, or as they are after the time that the client would rather wait. */
async function findEnded(services: Services, request: ArmRequest): Promise<readonly Operation[]> {
  const { endBell } = services;
  const until = performance.now() + Math.min(request.waitSeconds, longestWait) * 1000;
  for (;;) {
    const before = endBell.mark();
    const operations = await find(services, request);
    const running = operations.find((operation) => !hasEnded(operation));
    const left = until - performance.now();
    if (running === undefined || left <= 0 || endBell.closed || endBell.held >= mostWaiting) return operations;
    const wait = endBell.wait(running.vm_id, left);
    // Rung since it was read: that was missed by then, and is looked at again.
    if (endBell.mayHaveRung(running.vm_id, before)) wait.cancel();
    await wait.rung;
  }
}

function hasEnded(operation: Operation): boolean {
  return isTerminal(operation.state as OperationState);
}

/** ARM's word for how several stand: running while one is; failed when one has. */
function wordOf(operations: readonly Operation[]): string {
  if (!operations.every(hasEnded)) return 'InProgress';
  const words = operations.map(({ state }) => (state === 'TimedOut' ? 'Failed' : state));
  return words.find((word) => word === 'Failed') ?? words.find((word) => word !== 'Succeeded') ?? 'Succeeded';
}

function errorOf(operations: readonly Operation[]): Readonly<Record<string, unknown>> {
  const errors = operations.flatMap(({ error_code, error_message, resource_id }) =>
    error_code === null ? [] : [{ code: error_code, message: error_message ?? '', target: resource_id }],
  );
  const [first] = errors;
  if (first === undefined) return {};
  const { code, message } = first;
  return { error: operations.length === 1 ? { code, message } : { code, message, details: errors } };
}

/** A failure is a 200 whose body says so (arm-api §0.7). */
async function status(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const operations = await findEnded(services, request);
  const word = wordOf(operations);
  const ended = word !== 'InProgress';
  const times = operations.map(({ ended_at }) => ended_at ?? 0);
  const body = {
    id: request.path,
    name: request.id.providers.at(-1)?.names[1]?.toLowerCase() ?? '',
    status: word,
    startTime: new Date(Math.min(...operations.map(({ created_at }) => created_at))).toISOString(),
    ...(ended ? { endTime: new Date(Math.max(...times)).toISOString(), ...errorOf(operations) } : {}),
  };
  return { status: 200, body, headers: ended ? {} : { 'retry-after': '1' } };
}

async function result(services: Services, request: ArmRequest): Promise<ArmResponse> {
  const operations = await find(services, request);
  if (!operations.every(hasEnded)) {
    return { status: 202, headers: groupHeaders(services.endpoint, request, operations) };
  }
  const [operation, second] = operations;
  if (operation === undefined || second !== undefined) return { status: 204 };
  // Whoever began it is told how it ended; the extension as it is now is for whoever may see it, or may write what is in it (T02).
  if (!request.access.permits(`${extensionType}/write`, operation.resource_id))
    request.access.require(`${extensionType}/read`, operation.resource_id);
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
