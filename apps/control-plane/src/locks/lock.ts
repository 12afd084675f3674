/** Locks: what nobody may delete, or change, whatever roles they hold, until somebody takes the lock away. Pure. */
import { ArmError } from '../arm/arm-error.ts';
import { covers } from '../rbac/scope.ts';

export type LockLevel = 'CanNotDelete' | 'ReadOnly';

export interface Lock {
  /** What it stands on: it holds there and for everything below. */
  readonly scope: string;
  readonly level: LockLevel;
}

export type LockedMethod = 'PUT' | 'PATCH' | 'POST' | 'DELETE';

/** The scopes whose locks stand against a request. Deleting something takes what is below along, so locks there count as well. */
export function lockedScopes(method: LockedMethod, resourceId: string, locks: readonly Lock[]): readonly string[] {
  const against = locks.filter(({ scope, level }) => {
    if (covers(scope, resourceId)) return method === 'DELETE' || level === 'ReadOnly';
    return method === 'DELETE' && covers(resourceId, scope);
  });
  return [...new Set(against.map(({ scope }) => scope))];
}

/** Throws {@link ArmError} `ScopeLocked`, as ARM words it. */
export function requireUnlocked(method: LockedMethod, resourceId: string, locks: readonly Lock[]): void {
  const scopes = lockedScopes(method, resourceId, locks);
  if (scopes.length === 0) return;
  throw new ArmError(
    'ScopeLocked',
    `The scope '${resourceId}' cannot perform ${method === 'DELETE' ? 'delete' : 'write'} operation because following scope(s) are locked: '${scopes.join("', '")}'. Please remove the lock and try again.`,
  );
}
