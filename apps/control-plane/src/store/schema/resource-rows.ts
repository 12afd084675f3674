/** Subscriptions, resource groups, and the resources that are kept as they were written. */
import type { Generated } from 'kysely';
import type { TaggedKind } from '../../resources/tag-keys.ts';

export interface SubscriptionRow {
  readonly subscription_id: string;
  readonly tenant_id: string;
  readonly display_name: string;
  readonly tags: Generated<string>;
}

export interface ResourceGroupRow {
  readonly subscription_id: string;
  readonly name_key: string;
  readonly name: string;
  readonly location: string;
  readonly tags: string;
  readonly created_at: number;
}

/** A resource of a type that is only written and read (`resources/plain-resource.ts`). */
export interface PlainResourceRow {
  /** Its id in lower case. */
  readonly resource_key: string;
  readonly resource_id: string;
  readonly type: string;
  readonly subscription_id: string;
  readonly group_key: string;
  readonly location: string | null;
  readonly tags: string;
  /** JSON: what was written. */
  readonly properties: string;
  readonly created_at: number;
  readonly created_by: string;
  readonly changed_at: number;
  readonly changed_by: string;
}

/** A tag of a tracked resource: once for its name, once for its name with its value (`resources/tag-keys.ts`). */
export interface ResourceTagRow {
  readonly subscription_id: string;
  readonly kind: TaggedKind;
  readonly tag_key: string;
  /** Where the resource stands in the list of its kind. */
  readonly place: string;
  /** What the table of its kind knows it by. */
  readonly resource_key: string;
}
