/** A route, and where the resources of a system are that has one of each kind. */
import type * as z from 'zod/mini';

export interface Route {
  /** A resource of the type, where it can be read. */
  readonly item?: string;
  /** A collection of them. */
  readonly list?: string;
  /** The list is no list: one thing is told there. */
  readonly isWhole?: true;
  /** An action, with a body that is carried out. */
  readonly ask?: readonly [path: string, body?: unknown];
  /** Of a resource, and of each member of a list. `published`: what the model of the type says. */
  readonly shape: 'published' | z.ZodMiniType;
  /** Of the answer to the action. */
  readonly answer?: z.ZodMiniType;
}

/** Where the resources of the system are. */
export interface Places {
  readonly subscription: string;
  readonly group: string;
  readonly machine: string;
  readonly extension: string;
  /** Of an extension. */
  readonly operationId: string;
  readonly deploymentOperationId: string;
  readonly clientId: string;
  readonly certificate: string;
  readonly roleId: string;
  readonly privateLinkScopeId: string;
}

/** By type as it is served. */
export type Routes = Readonly<Record<string, Route>>;
