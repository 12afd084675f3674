/**
 * The outer pipeline of ARM: authenticate, read the path, check the api-version, authorise, hold against policy, dispatch, answer. Whatever a write ends in is in
 * the activity log: handlers record what they change, and the pipeline records what was refused (S2.2).
 */
import { messageOf, placeIn } from '@sallyport/model';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import { readBody } from '../http/body.ts';
import type { Caller } from '../identity/caller.ts';
import type { Log } from '../http/log.ts';
import type { Services } from '../services.ts';
import { ArmError } from './arm-error.ts';
import type { ArmResponse } from './arm-request.ts';
import type { Dispatcher, KnownRequest } from './dispatcher.ts';
import { originOf } from './origin-of.ts';
import { recordRefusal } from './record-refusal.ts';
import { asJson } from './relaxed-json.ts';
import type { RequestLimits } from './request-limits.ts';
import { preferredWait } from './preferred-wait.ts';
import { requestIds, type RequestIds } from './request-ids.ts';
import { collapseLeadingSlashes, targetOf } from './target.ts';
import { storeRetrySeconds, StoreUnavailable } from '../store/store-unavailable.ts';

/** Largest body of an ARM request in bytes. */
const largestBody = 1024 * 1024;

/** What a request is about, as far as it is known when something goes wrong. */
interface Progress {
  caller: Caller | undefined;
  origin: EventOrigin | undefined;
  /** What the caller has left (`x-ms-ratelimit-remaining-…`). */
  limits: Readonly<Record<string, string>>;
  /** Set for a refusal that is one of many: the first of them is on record. */
  isRepeated: boolean;
}

/** Answers ARM requests. */
export function createArmFront(
  services: Services,
  dispatcher: Dispatcher,
  limits: RequestLimits,
  log: Log,
): (request: Request, clientIpAddress: string) => Promise<Response> {
  const { environment, endpoint, authenticator } = services;

  async function handle(request: Request, ids: RequestIds, progress: Progress): Promise<ArmResponse> {
    const url = new URL(request.url);
    const path = collapseLeadingSlashes(url.pathname);
    const query = new Map([...url.searchParams].map(([name, value]) => [name.toLowerCase(), value]));
    const target = targetOf(path);
    const found = await authenticator.authenticate(request.headers.get('authorization') ?? undefined);
    if (found.outcome === 'unknown') throw new ArmError('AuthenticationFailed', found.reason);
    progress.caller = found.caller;
    if (target !== undefined && isWrite(request.method)) {
      progress.origin = originOf(
        endpoint,
        { method: request.method, path },
        ids,
        found.caller,
        target,
        dispatcher.registry,
      );
    }
    if (found.outcome === 'refused') throw new ArmError('InvalidAuthenticationToken', found.reason);
    if (target === undefined)
      throw new ArmError('ResourceNotFound', `'${path.slice(0, 300)}' is not the path of a resource.`);
    const limit = limits.take({
      method: request.method,
      principal: found.caller.objectId,
      subscriptionId: target.id.subscriptionId,
    });
    progress.limits = limit.headers;
    if (limit.retryAfterSeconds !== undefined) {
      progress.isRepeated = !limit.isNews;
      throw tooMany(limit.retryAfterSeconds);
    }
    const known: KnownRequest = {
      caller: found.caller,
      method: request.method,
      path,
      query,
      ids,
      waitSeconds: preferredWait(request.headers.get('prefer')),
      conditions: {
        ifMatch: request.headers.get('if-match') ?? undefined,
        ifNoneMatch: request.headers.get('if-none-match') ?? undefined,
      },
      body: () => jsonBody(request, target.typeKey.startsWith('microsoft.resources/deployments')),
    };
    const origin = progress.origin ?? originOf(endpoint, known, ids, found.caller, target, dispatcher.registry);
    return dispatcher.run(known, target, origin);
  }

  return async (request, clientIpAddress) => {
    const ids = requestIds(environment.guid(), request, clientIpAddress);
    const progress: Progress = { caller: undefined, origin: undefined, limits: {}, isRepeated: false };
    const started = performance.now();
    let response: Response;
    let failure: ArmError | undefined;
    try {
      const answer = await handle(request, ids, progress);
      response = armResponse(answer, ids, progress.limits);
    } catch (error) {
      failure = error instanceof ArmError ? error : unexpected(error, ids, log);
      try {
        if (progress.origin !== undefined && !progress.isRepeated)
          await recordRefusal(services, progress.origin, failure);
      } catch (unrecorded) {
        failure = unexpected(unrecorded, ids, log);
      }
      response = errorResponse(failure, ids, progress.limits, endpoint.url, endpoint.tenantId);
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

function tooMany(seconds: number): ArmError {
  const message = `The number of requests of this caller, or for this subscription, is exceeded. Nothing was done; come again after ${seconds} seconds.`;
  return new ArmError('TooManyRequests', message, undefined, { retryAfterSeconds: seconds });
}

function isWrite(method: string): boolean {
  return ['PUT', 'PATCH', 'POST', 'DELETE'].includes(method);
}

/** Bodies are JSON; of templates, as people write them (arm-api §9). */
async function jsonBody(request: Request, isTemplate: boolean): Promise<unknown> {
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
    return JSON.parse(isTemplate ? asJson(text) : text) as unknown;
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

type Headers = Readonly<Record<string, string>>;

function armResponse(answer: ArmResponse, ids: RequestIds, limits: Headers): Response {
  const headers = { ...idHeaders(ids), ...limits, ...answer.headers };
  if (answer.body === undefined) return new Response(null, { status: answer.status, headers });
  return Response.json(answer.body, { status: answer.status, headers });
}

function errorResponse(error: ArmError, ids: RequestIds, limits: Headers, url: string, tenantId: string): Response {
  const headers: Record<string, string> = { ...idHeaders(ids), ...limits };
  if (error.status === 401) {
    headers['www-authenticate'] =
      `Bearer authorization_uri="${url}/${tenantId}", error="invalid_token", error_description="${error.message.replaceAll('"', "'")}"`;
  }
  if (error.retryAfterSeconds !== undefined) headers['retry-after'] = String(error.retryAfterSeconds);
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
