/** Requests that change something are held against locks, in the transaction of the change. */
import { requireUnlocked, type LockedMethod } from '../locks/lock.ts';
import { lockType, locksIn } from '../locks/stored-locks.ts';
import { scopeOfTarget } from '../rbac/scope.ts';
import type { Services } from '../services.ts';
import { underGuard } from '../store/guarded-changes.ts';
import type { ArmHandler, ArmRequest, ArmResponse } from './arm-request.ts';
import { canonicalId } from './origin-of.ts';
import type { ResourceType } from './resource-type.ts';

/** Runs the handler. Throws `ArmError` `ScopeLocked`, and nothing is changed then. A lock itself is for roles to guard. */
export async function underLock(
  { store }: Pick<Services, 'store'>,
  type: ResourceType,
  request: ArmRequest,
  handler: ArmHandler,
): Promise<ArmResponse> {
  const { id, method } = request;
  const { subscriptionId } = id;
  if (!changes(method) || subscriptionId === undefined || type.type === lockType || type.onlyAsks === true)
    return handler(request);
  const resourceId = scopeOfTarget(canonicalId(id, type.type));
  return underGuard(
    store,
    async (writer) => requireUnlocked(method, resourceId, await locksIn(writer, subscriptionId)),
    () => handler(request),
  );
}

function changes(method: string): method is LockedMethod {
  return ['PUT', 'PATCH', 'POST', 'DELETE'].includes(method);
}
