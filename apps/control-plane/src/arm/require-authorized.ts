import type { Access } from '../rbac/access.ts';
import { scopeOfTarget } from '../rbac/scope.ts';
import { actionOf } from './action-of.ts';
import { canonicalId } from './origin-of.ts';
import type { ResourceType } from './resource-type.ts';
import type { Target } from './target.ts';

/** Throws {@link ArmError} `AuthorizationFailed` when the caller may not ask this of the target, as far as that is not for its handler to say. */
export function requireAuthorized(access: Access, type: ResourceType, target: Target, method: string): void {
  const own = type.authorization?.[target.shape];
  const action = actionOf(type.type, method);
  const scope = scopeOfTarget(canonicalId(target.id, type.type));
  if (own === undefined) access.require(action, scope);
  if (own !== 'filtered') return;
  if (target.scope === 'subscription' && method === 'GET') access.requireWithin(action, scope);
  else access.require(action, scope);
}
