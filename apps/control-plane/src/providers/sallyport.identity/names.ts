/** What the types of `Sallyport.Identity` share. */
import { requestEvents, type ActivityEvents } from '../../activity-log/events-of.ts';
import { ArmError } from '../../arm/arm-error.ts';
import type { ArmRequest } from '../../arm/arm-request.ts';
import { principalOfClient, type Principal } from '../../identity/principals.ts';
import type { Access } from '../../rbac/access.ts';
import { tenantScope } from '../../rbac/scope.ts';
import type { Services } from '../../services.ts';
import type { Reader } from '../../store/store.ts';

export const namespace = 'Sallyport.Identity';

/** Of every row of the registry here. */
export const common = { scopes: ['tenant'], apiVersions: ['2026-11-01'], resource: 'none' } as const;

/** Whoever may change how somebody signs in could take that one's place: that needs what giving access at `/` needs (T02). */
export function requireGiving(access: Access): void {
  access.require('Microsoft.Authorization/roleAssignments/write', tenantScope);
}

/** The n-th name of the path, in lower case. */
export function nameInPath({ id }: ArmRequest, index: 0 | 1): string {
  return (id.providers.at(-1)?.names[index] ?? '').toLowerCase();
}

const words = { ServicePrincipal: 'service principal', User: 'user' } as const;

/** The service principal or person that the path names first. Throws {@link ArmError} `ResourceNotFound`. */
export async function principalInPath(
  reader: Reader,
  request: ArmRequest,
  kind: keyof typeof words,
): Promise<Principal> {
  const name = nameInPath(request, 0);
  const principal = await principalOfClient(reader, name);
  if (principal?.kind === kind) return principal;
  throw new ArmError('ResourceNotFound', `There is no ${words[kind]} '${name.slice(0, 100)}'.`);
}

/** The two events of a write that succeeded. */
export function succeeded(
  { environment }: Services,
  { origin }: ArmRequest,
  subStatus: 'Created' | 'OK' | 'NoContent',
): ActivityEvents {
  return requestEvents(environment, origin, { status: 'Succeeded', subStatus });
}
