import type { Access } from '../../../rbac/access.ts';

export interface TrackedResource {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly location: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly group: string;
  readonly identity?: unknown;
  /** Of what changes at once there is no other. */
  readonly provisioningState?: string;
  readonly times: { readonly created_at: number; readonly changed_at: number };
}

/** What is looked for, as far as the store can tell; undefined for anything. More may be found, never less. In lower case, but for values. */
export interface Narrowing {
  readonly subscriptionId: string;
  readonly group: string | undefined;
  readonly type: string | undefined;
  /** The last part of it may be all that is looked at. */
  readonly name: string | undefined;
  readonly location: string | undefined;
  /** A tag by its name, and by its value too where that is given. */
  readonly tag: { readonly name: string; readonly value: string | undefined } | undefined;
  /** Who asks: nothing is read where they may read nothing. */
  readonly access: Pick<Access, 'scopesOf'>;
}
