/** Asks again in the middle of an operation: what was allowed when it was planned may be forbidden by now (S4.5). */
import type { ExtensionName, OperationKind } from '@sallyport/model';
import { OperationRefused } from './operation-context.ts';
import type { Permit } from './plan/permission.ts';

/** Returns when the server's controls allow the operation at this moment. Throws `OperationRefused` when they do not. */
export function requirePermission(permit: Permit, operation: OperationKind, name: ExtensionName): void {
  const permission = permit(operation, name);
  if (!permission.allowed) throw new OperationRefused(permission.code, permission.explanation);
}
