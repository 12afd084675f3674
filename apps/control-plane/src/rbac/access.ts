/** What a caller may do: deny by default, given by assignments of roles, inherited by everything below (issue 4.4). Pure. */
import { ArmError } from '../arm/arm-error.ts';
import { rolePermits, type Permission, type Role } from './role.ts';
import { covers } from './scope.ts';

/** A role that a caller holds somewhere. */
export interface Grant {
  readonly role: Role;
  readonly scope: string;
}

export interface Access {
  /** Whether some role held at `scope` or above permits the action. */
  permits(action: string, scope: string): boolean;
  /** Throws {@link ArmError} `AuthorizationFailed`, as ARM words it, unless it is permitted. */
  require(action: string, scope: string): void;
  /** The same, where it is enough that it is permitted at something below the scope. */
  requireWithin(action: string, scope: string): void;
  /** Whether any role is held at the scope, above it or below it: enough to be told that it is there. */
  touches(scope: string): boolean;
  /** Scopes at which some role permits the action, and so at everything beneath them. */
  scopesOf(action: string): readonly string[];
  /** What is permitted at a scope, one permission for each role that reaches it. */
  permissionsAt(scope: string): readonly Permission[];
}

/** The access that these grants give. `who` is what a refusal names. */
export function accessOf(
  grants: readonly Grant[],
  who: { readonly clientId: string; readonly objectId: string },
): Access {
  const permits = (action: string, scope: string): boolean =>
    grants.some((grant) => covers(grant.scope, scope) && rolePermits(grant.role, action));
  const refusal = (action: string, scope: string): ArmError =>
    new ArmError(
      'AuthorizationFailed',
      `The client '${who.clientId}' with object id '${who.objectId}' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`,
    );
  return {
    permits,
    require: (action, scope) => {
      if (!permits(action, scope)) throw refusal(action, scope);
    },
    requireWithin: (action, scope) => {
      const within = grants.some((grant) => covers(scope, grant.scope) && rolePermits(grant.role, action));
      if (!within && !permits(action, scope)) throw refusal(action, scope);
    },
    touches: (scope) => grants.some((grant) => covers(grant.scope, scope) || covers(scope, grant.scope)),
    scopesOf: (action) => grants.filter(({ role }) => rolePermits(role, action)).map(({ scope }) => scope),
    permissionsAt: (scope) =>
      grants.filter((grant) => covers(grant.scope, scope)).flatMap(({ role }) => role.permissions),
  };
}
