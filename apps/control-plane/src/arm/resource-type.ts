/** One row of the registry: a resource type, where it may stand, and what answers for it. */
import type { ArmHandler, ArmMethod } from './arm-request.ts';

/** 'resource' is for extension resources: they stand on another resource. */
export type Scope = 'tenant' | 'subscription' | 'resourceGroup' | 'resource';

export type OwnAuthorization = 'signed-in' | 'handler' | 'filtered';

export interface ResourceType {
  /** In the spelling that is served: `Microsoft.HybridCompute/machines/extensions`. */
  readonly type: string;
  readonly scopes: readonly Scope[];
  /** Newest first; 'any' where clients send versions that we cannot know, such as on operation URLs. */
  readonly apiVersions: readonly string[] | 'any';
  /** Where resources of the type may be; listed by `GET providers`. 'none' for what is not a resource of its own. */
  readonly resource: 'tracked' | 'none';
  /** For what is no resource of its own and has tags all the same: groups and subscriptions. */
  readonly taggable?: true;
  /**
   * Who may ask, for one resource and for the collection. Left out: who holds a role with the action at the scope, settled before
   * the handler runs. 'signed-in': everybody who is. 'handler': the handler asks `request.access` itself, because what is
   * permitted depends on more than the path. 'filtered': the list of a whole subscription is for whoever may read anything of it, and
   * the handler shows them that and nothing else (T86, decision 0249); everywhere else as if it were left out.
   */
  readonly authorization?: { readonly item?: OwnAuthorization; readonly collection?: OwnAuthorization };
  /** Whether writes are held against policy: with `indexed`, also by policies of mode Indexed (types with tags and location). */
  readonly policy?: 'indexed' | 'all';
  /** Properties that older api-versions do not have, by the date of the first that has them. */
  readonly introduced?: Readonly<Record<string, readonly string[]>>;
  /** Names of the properties that nobody writes, beside `provisioningState`: what changes in them is no change of the resource (ETag). */
  readonly observed?: readonly string[];
  /** Its actions change nothing: they only ask. */
  readonly onlyAsks?: true;
  /** Methods on one resource. */
  readonly item?: Partial<Record<ArmMethod, ArmHandler>>;
  /** Methods on the collection; a POST here is an action of the parent. */
  readonly collection?: Partial<Record<ArmMethod, ArmHandler>>;
}
