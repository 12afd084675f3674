/**
 * The outer pipeline of ARM: authenticate, read the path, check the api-version, authorise, hold against policy, dispatch, answer. Whatever a write ends in is in
 * the activity log: handlers record what they change, and the pipeline records what was refused (S2.2).
 */
import { formatResourceId, messageOf, placeIn, type ResourceId } from '@sallyport/model';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import { endedEvent, startedEvent } from '../activity-log/events-of.ts';
import { readBody } from '../http/body.ts';
import type { Caller } from '../identity/caller.ts';
import type { Log } from '../http/log.ts';
import type { Services } from '../services.ts';
import { loadAccess } from '../rbac/load-access.ts';
import { scopeOfTarget } from '../rbac/scope.ts';
import { actionOf } from './action-of.ts';
import { checkApiVersion } from './api-version.ts';
import { ArmError } from './arm-error.ts';
import type { ArmMethod, ArmRequest, ArmResponse } from './arm-request.ts';
import { handlerOf, type Registry } from './registry.ts';
import type { ResourceType } from './resource-type.ts';
import { storeRetrySeconds, StoreUnavailable } from '../store/store-unavailable.ts';
import { underPolicy } from './under-policy.ts';
import { collapseLeadingSlashes, targetOf, type Target } from './target.ts';

/** Largest body of an ARM request in bytes. */
const largestBody = 1024 * 1024;
const guid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** What a request is about, as far as it is known when something goes wrong. */
interface Progress {
  caller: Caller | undefined;
  origin: EventOrigin | undefined;
}

/** Answers ARM requests. */
export function createArmFront(
  services: Services,
  registry: Registry,
  log: Log,
): (request: Request, clientIpAddress: string) => Promise<Response> {
  const { environment, store, endpoint, authenticator } = services;

  async function handle(request: Request, ids: RequestIds, progress: Progress): Promise<ArmResponse> {
    const url = new URL(request.url);
    const path = collapseLeadingSlashes(url.pathname);
    const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
    const target = targetOf(path);
    const found = await authenticator.authenticate(request.headers.get('authorization') ?? undefined, 'arm');
    const row = (): ResourceType => {
      if (target === undefined)
        throw new ArmError('ResourceNotFound', `'${path.slice(0, 300)}' is not the path of a resource.`);
      return registry.typeOf(target);
    };
    if (found.outcome === 'unknown') throw new ArmError('AuthenticationFailed', found.reason);
    progress.caller = found.caller;
    if (target !== undefined && isWrite(request.method)) {
      progress.origin = originOf(endpoint, request, path, ids, found.caller, target, registry);
    }
    if (found.outcome === 'refused') throw new ArmError('InvalidAuthenticationToken', found.reason);
    const type = row();
    const apiVersion = checkApiVersion(query.get('api-version'), type);
    const known = target as Target;
    await checkSubscription(known.id.subscriptionId);
    const access = await loadAccess(store.read, found.caller);
    if (type.authorization?.[known.shape] === undefined) {
      access.require(actionOf(type.type, request.method), scopeOfTarget(canonicalId(known.id, type.type)));
    }
    const handler = handlerOf(type, known, request.method);
    const origin = progress.origin ?? originOf(endpoint, request, path, ids, found.caller, known, registry);
    const asked: ArmRequest = {
      method: request.method as ArmMethod,
      id: known.id,
      apiVersion,
      query,
      path,
      body: await jsonBody(request),
      caller: found.caller,
      access,
      origin,
    };
    const judged = type.policy !== undefined && known.shape === 'item' && ['PUT', 'PATCH'].includes(request.method);
    return judged ? underPolicy(services, type, asked, handler) : handler(asked);
  }

  async function checkSubscription(subscriptionId: string | undefined): Promise<void> {
    if (subscriptionId === undefined) return;
    const row = await store.read
      .selectFrom('subscriptions')
      .select('subscription_id')
      .where('subscription_id', '=', subscriptionId)
      .executeTakeFirst();
    if (row === undefined) {
      throw new ArmError(
        'SubscriptionNotFound',
        `The subscription '${subscriptionId.slice(0, 60)}' could not be found.`,
      );
    }
  }

  async function recordRefusal(origin: EventOrigin, error: ArmError): Promise<void> {
    await store.change(async () => ({
      value: undefined,
      events: [
        startedEvent(environment, origin),
        endedEvent(environment, origin, {
          status: 'Failed',
          subStatus: statusWords[error.status] ?? String(error.status),
          error: { code: error.code, message: error.message },
        }),
      ],
    }));
  }

  return async (request, clientIpAddress) => {
    const ids = requestIds(environment.guid(), request, clientIpAddress);
    const progress: Progress = { caller: undefined, origin: undefined };
    const started = performance.now();
    let response: Response;
    let failure: ArmError | undefined;
    try {
      const answer = await handle(request, ids, progress);
      response = armResponse(answer, ids);
    } catch (error) {
      failure = error instanceof ArmError ? error : unexpected(error, ids, log);
      try {
        if (progress.origin !== undefined) await recordRefusal(progress.origin, failure);
      } catch (unrecorded) {
        failure = unexpected(unrecorded, ids, log);
      }
      response = errorResponse(failure, ids, endpoint.url, endpoint.tenantId);
    }
    log.info({
      msg: 'request',
      method: request.method,
      path: new URL(request.url).pathname.slice(0, 500),
      status: response.status,
      milliseconds: Math.round(performance.now() - started),
      correlationId: ids.correlationId,
      requestId: ids.requestId,
      ...(progress.caller === undefined ? {} : { caller: progress.caller.clientId }),
      ...(failure === undefined ? {} : { code: failure.code }),
    });
    return response;
  };
}

interface RequestIds {
  readonly requestId: string;
  readonly correlationId: string;
  readonly clientRequestId: string;
  readonly clientIpAddress: string;
}

function requestIds(fresh: string, request: Request, clientIpAddress: string): RequestIds {
  const given = (name: string): string | undefined => {
    const value = request.headers.get(name) ?? '';
    return guid.test(value) ? value.toLowerCase() : undefined;
  };
  return {
    requestId: fresh,
    correlationId: given('x-ms-correlation-request-id') ?? fresh,
    clientRequestId: given('x-ms-client-request-id') ?? '',
    clientIpAddress,
  };
}

function isWrite(method: string): boolean {
  return ['PUT', 'PATCH', 'POST', 'DELETE'].includes(method);
}

function originOf(
  endpoint: Services['endpoint'],
  request: Request,
  path: string,
  ids: RequestIds,
  caller: Caller,
  target: Target,
  registry: Registry,
): EventOrigin {
  const type = registry.types.find(({ type }) => type.toLowerCase() === target.typeKey)?.type ?? target.typeKey;
  return {
    tenantId: endpoint.tenantId,
    subscriptionId: target.id.subscriptionId ?? '',
    resourceGroup: target.id.resourceGroup ?? '',
    resourceId: formatResourceId(canonicalId(target.id, type)),
    action: actionOf(type, request.method),
    caller: caller.clientId,
    claims: { ...caller.claims },
    correlationId: ids.correlationId,
    operationId: ids.requestId,
    clientRequestId: ids.clientRequestId,
    clientIpAddress: ids.clientIpAddress,
    method: request.method,
    uri: endpoint.url + path,
  };
}

/** The id with the namespace and types of its last section spelled as the registry spells them. */
function canonicalId(id: ResourceId, type: string): ResourceId {
  const [namespace = '', ...types] = type.split('/');
  const last = id.providers.length - 1;
  const providers = id.providers.map((section, i) =>
    i === last && section.types.length === types.length ? { ...section, namespace, types } : section,
  );
  return { ...id, providers };
}

async function jsonBody(request: Request): Promise<unknown> {
  if (!['PUT', 'PATCH', 'POST'].includes(request.method)) return undefined;
  const text = await readBody(request, largestBody);
  if (text === undefined) {
    throw new ArmError(
      'RequestEntityTooLarge',
      `The request body is larger than ${largestBody} bytes, compressed, or not UTF-8.`,
    );
  }
  if (text.trim() === '') return undefined;
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers.get('content-type') ?? '')) {
    throw new ArmError('UnsupportedMediaType', 'The request body must be of type application/json.');
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // Without the parser's own words: they quote the body, and what is refused is answered, logged and put on record (S1.7).
    throw new ArmError('InvalidRequestContent', `The request body is not JSON${placeIn(error)}.`);
  }
}

function idHeaders(ids: RequestIds): Record<string, string> {
  return {
    'x-ms-request-id': ids.requestId,
    'x-ms-correlation-request-id': ids.correlationId,
    'cache-control': 'no-cache',
    'x-content-type-options': 'nosniff',
  };
}

function armResponse(answer: ArmResponse, ids: RequestIds): Response {
  const headers = { ...idHeaders(ids), ...answer.headers };
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers });
  return Response.json(answer.body, { status: answer.status, headers });
}

function errorResponse(error: ArmError, ids: RequestIds, url: string, tenantId: string): Response {
  const headers: Record<string, string> = idHeaders(ids);
  if (error.status === 401) {
    headers['www-authenticate'] =
      `Bearer authorization_uri="${url}/${tenantId}", error="invalid_token", error_description="${error.message.replaceAll('"', "'")}"`;
  }
  if (error.status === 429) headers['retry-after'] = '5';
  if (error.status === 503) headers['retry-after'] = String(storeRetrySeconds);
  if (error.allowed !== undefined) headers['allow'] = error.allowed;
  const { code, message, target, additionalInfo } = error;
  return Response.json(
    {
      error: {
        code,
        message,
        ...(target === undefined ? {} : { target }),
        ...(additionalInfo === undefined ? {} : { details: [], additionalInfo }),
      },
    },
    { status: error.status, headers },
  );
}

function unexpected(error: unknown, ids: RequestIds, log: Log): ArmError {
  if (error instanceof StoreUnavailable) {
    log.warn({
      msg: 'the database cannot be reached',
      correlationId: ids.correlationId,
      reason: messageOf(error.cause),
    });
    return new ArmError('ServiceUnavailable', error.message);
  }
  log.error({
    msg: 'unexpected failure',
    correlationId: ids.correlationId,
    requestId: ids.requestId,
    reason: messageOf(error),
    stack: error instanceof Error ? error.stack : undefined,
  });
  return new ArmError(
    'InternalServerError',
    `The control plane failed in a way it does not know. Its log has the details under '${ids.correlationId}'.`,
  );
}

const statusWords: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  413: 'RequestEntityTooLarge',
  415: 'UnsupportedMediaType',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};
