/** A role: what whoever holds it may do at and below the scope it is assigned at. */
import { matchesAction } from './action-pattern.ts';

export interface Permission {
  readonly actions: readonly string[];
  readonly notActions: readonly string[];
  readonly dataActions: readonly string[];
  readonly notDataActions: readonly string[];
}

export interface Role {
  /** GUID in lower case. */
  readonly id: string;
  readonly name: string;
  readonly kind: 'BuiltInRole' | 'CustomRole';
  readonly description: string;
  readonly permissions: readonly Permission[];
  /** Where it can be assigned: each of these scopes and everything below. */
  readonly assignableScopes: readonly string[];
}

/**
 * Whether a role permits an action: one of its permissions names it and does not take it back. What one permission takes back
 * another may give: `notActions` is a subtraction, not a denial.
 */
export function rolePermits(role: Pick<Role, 'permissions'>, action: string): boolean {
  return role.permissions.some(
    ({ actions, notActions }) =>
      actions.some((pattern) => matchesAction(pattern, action)) &&
      !notActions.some((pattern) => matchesAction(pattern, action)),
  );
}
