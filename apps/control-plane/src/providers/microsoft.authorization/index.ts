import type { ResourceType } from '../../arm/resource-type.ts';
import type { Services } from '../../services.ts';
import { locks } from './locks.ts';
import { permissions } from './permissions.ts';
import { policies } from './policies.ts';
import { roleAssignments } from './role-assignments.ts';
import { roleDefinitions } from './role-definitions.ts';

/** Everything that `Microsoft.Authorization` answers for. */
export function authorization(services: Services): readonly ResourceType[] {
  return [roleDefinitions(services), roleAssignments(services), permissions(), ...policies(services), locks(services)];
}
