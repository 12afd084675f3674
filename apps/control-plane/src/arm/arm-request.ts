import type { ResourceId } from '@sallyport/model';
import type { EventOrigin } from '../activity-log/event-origin.ts';
import type { Caller } from '../identity/caller.ts';
import type { Access } from '../rbac/access.ts';

export type ArmMethod = 'GET' | 'HEAD' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';

/** A request after the outer pipeline: who asks, for what, since authentication, api-version and body are settled. */
export interface ArmRequest {
  readonly method: ArmMethod;
  readonly id: ResourceId;
  readonly apiVersion: string;
  /** Query parameters; names in lower case, as ARM does not tell `$Filter` from `$filter`. */
  readonly query: ReadonlyMap<string, string>;
  /** Path as sent, leading slashes collapsed, without the query: what a `nextLink` goes on with. */
  readonly path: string;
  /** For how long the caller would rather wait for an answer that says more (`Prefer: wait=…`, RFC 7240); 0 for not at all. */
  readonly waitSeconds: number;
  /** The JSON body, not yet checked; undefined when there is none. */
  readonly body: unknown;
  readonly caller: Caller;
  /** What the caller may do. The action of the request itself is settled unless its type says otherwise. */
  readonly access: Access;
  /** For writes: what goes into the activity log. `resourceId` is as sent until the handler knows the stored spelling. */
  readonly origin: EventOrigin;
}

export interface ArmResponse {
  readonly status: 200 | 201 | 202 | 204 | 304 | 404;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type ArmHandler = (request: ArmRequest) => Promise<ArmResponse>;
