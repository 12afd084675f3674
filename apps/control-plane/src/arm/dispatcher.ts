/**
 * From a caller and a path to what answers: api-version, authorisation, policy, handler. Requests from outside come here once they are
 * authenticated; those that the control plane makes for somebody (a deployment, a remediation) come the same way, with that
 * somebody's rights and no others, and are on record like any.
 */
import type { EventOrigin } from '../activity-log/event-origin.ts';
import type { Caller } from '../identity/caller.ts';
import type { Access } from '../rbac/access.ts';
import { loadAccess } from '../rbac/load-access.ts';
import type { Services } from '../services.ts';
import { withoutGuard } from '../store/guarded-changes.ts';
import type { Reader } from '../store/store.ts';
import { checkApiVersion } from './api-version.ts';
import { conditional } from './conditional.ts';
import { ArmError } from './arm-error.ts';
import type { ArmHandler, ArmMethod, ArmRequest, ArmResponse } from './arm-request.ts';
import { originOf } from './origin-of.ts';
import { recordRefusal } from './record-refusal.ts';
import type { ConditionHeaders } from './precondition.ts';
import { handlerOf, type Registry } from './registry.ts';
import type { RequestIds } from './request-ids.ts';
import { requireAuthorized } from './require-authorized.ts';
import { shownInVersion } from './shown-in-version.ts';
import { targetOf, type Target } from './target.ts';
import { underLock } from './under-lock.ts';
import { underPolicy } from './under-policy.ts';

/** A request of a caller who is known. */
export interface KnownRequest {
  readonly caller: Caller;
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly ids: RequestIds;
  readonly conditions: ConditionHeaders;
  readonly waitSeconds: number;
  /** What the caller may do, where that is not for roles to say. */
  readonly access?: Access;
  /** Read only after the request is authorised. */
  body(): Promise<unknown>;
}

/** A request that the control plane makes in the name of a caller. */
export interface InnerRequest {
  readonly caller: Caller;
  readonly method: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  readonly path: string;
  readonly apiVersion: string;
  readonly body: unknown;
  /** Ties it to the request that it is made for. */
  readonly correlationId: string;
  /** Work of the control plane's own: what its caller may do, in place of what roles say. */
  readonly access?: Access;
}

export interface Dispatcher {
  readonly registry: Registry;
  /** The registry as it sees the database through a reader: what a change looks at, it looks at from within. */
  registryOver(reader: Reader): Registry;
  /** Answers, or throws {@link ArmError}. `origin` is what the activity log is told. */
  run(request: KnownRequest, target: Target, origin: EventOrigin): Promise<ArmResponse>;
  /** Answers, or throws {@link ArmError} after a refused write is on record. */
  inner(request: InnerRequest): Promise<ArmResponse>;
}

const noConditions: ConditionHeaders = { ifMatch: undefined, ifNoneMatch: undefined };

/** Makes the registry of a control plane; handlers that make requests of their own make them through the dispatcher. */
export type MakeRegistry = (services: Services, dispatcher: Dispatcher) => Registry;

/** The dispatcher of a registry. It is a late one: handlers that dispatch further are part of the registry themselves. */
export function createDispatcher(services: Services, makeRegistry: MakeRegistry): Dispatcher {
  const { store, environment, endpoint } = services;
  let registry: Registry | undefined;
  const registryOf = (): Registry => (registry ??= makeRegistry(services, dispatcher));
  const registryOver = (read: Reader): Registry => {
    let over: Registry | undefined;
    const within: Services = { ...services, store: { ...store, read } };
    const through: Dispatcher = {
      ...dispatcher,
      get registry() {
        return (over ??= makeRegistry(within, through));
      },
    };
    return through.registry;
  };

  async function run(request: KnownRequest, target: Target, origin: EventOrigin): Promise<ArmResponse> {
    const type = registryOf().typeOf(target);
    const apiVersion = checkApiVersion(request.query.get('api-version'), type);
    const [access] = await Promise.all([
      request.access ?? loadAccess(store.read, request.caller),
      checkSubscription(services, target.id.subscriptionId),
    ]);
    requireAuthorized(access, type, target, request.method);
    const handler = handlerOf(type, target, request.method);
    const asked: ArmRequest = {
      method: request.method as ArmMethod,
      id: target.id,
      apiVersion,
      query: request.query,
      path: request.path,
      waitSeconds: request.waitSeconds,
      body: await request.body(),
      caller: request.caller,
      access,
      origin,
    };
    const unlocked: ArmHandler = (one) => underLock(services, type, one, handler);
    if (target.shape === 'collection') return shownInVersion(type, apiVersion, await unlocked(asked));
    const judged: ArmHandler =
      type.policy === undefined ? unlocked : (one) => underPolicy(services, dispatcher, type, one, unlocked);
    // Its entity tag is of the whole, whichever api-version asks.
    const answer = await conditional(services, registryOver, type, asked, request.conditions, judged);
    return shownInVersion(type, apiVersion, answer);
  }

  const dispatcher: Dispatcher = {
    get registry() {
      return registryOf();
    },
    registryOver,
    run,
    inner: async ({ caller, method, path, apiVersion, body, correlationId, access }) => {
      const requestId = environment.guid();
      const ids = { requestId, correlationId, clientRequestId: '', clientIpAddress: '' };
      const target = targetOf(path);
      if (target === undefined)
        throw new ArmError('ResourceNotFound', `'${path.slice(0, 300)}' is not the path of a resource.`);
      const origin = originOf(endpoint, { method, path }, ids, caller, target, registryOf());
      const query = new Map([['api-version', apiVersion]]);
      try {
        const own = access === undefined ? {} : { access };
        const known = { caller, method, path, query, ids, waitSeconds: 0, ...own, body: () => Promise.resolve(body) };
        return await withoutGuard(() => run({ ...known, conditions: noConditions }, target, origin));
      } catch (error) {
        if (error instanceof ArmError && method !== 'GET') await recordRefusal(services, origin, error);
        throw error;
      }
    },
  };
  return dispatcher;
}

async function checkSubscription(
  { store }: Pick<Services, 'store'>,
  subscriptionId: string | undefined,
): Promise<void> {
  if (subscriptionId === undefined) return;
  const row = await store.read
    .selectFrom('subscriptions')
    .select('subscription_id')
    .where('subscription_id', '=', subscriptionId)
    .executeTakeFirst();
  if (row !== undefined) return;
  throw new ArmError('SubscriptionNotFound', `The subscription '${subscriptionId.slice(0, 60)}' could not be found.`);
}
