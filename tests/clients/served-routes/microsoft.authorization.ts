import * as z from 'zod/mini';
import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { anything, optional, resource, systemData, text } from './shapes.ts';

const policyObject = (kind: string, more: Readonly<Record<string, z.ZodMiniType>> = {}): z.ZodMiniType =>
  resource(z.looseObject({ ...more }), {
    type: z.literal(`Microsoft.Authorization/${kind}`),
    systemData,
    location: optional(text),
    identity: optional(z.strictObject({ type: text, principalId: optional(text), tenantId: optional(text) })),
  });

/** Roles, policy objects and locks. */
export function authorizationRoutes(at: Places): Routes {
  const authorization = `${at.subscription}/providers/Microsoft.Authorization`;
  return {
    'Microsoft.Authorization/roleDefinitions': {
      item: `${authorization}/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7`,
      list: `${authorization}/roleDefinitions`,
      shape: 'published',
    },
    'Microsoft.Authorization/roleAssignments': {
      item: `${authorization}/roleAssignments/${at.roleId}`,
      list: `${authorization}/roleAssignments`,
      shape: 'published',
    },
    'Microsoft.Authorization/permissions': {
      list: `${authorization}/permissions`,
      shape: z.strictObject({
        actions: z.array(text),
        notActions: z.array(text),
        dataActions: optional(z.array(text)),
        notDataActions: optional(z.array(text)),
      }),
    },
    'Microsoft.Authorization/policyDefinitions': {
      item: `${authorization}/policyDefinitions/d`,
      list: `${authorization}/policyDefinitions`,
      shape: policyObject('policyDefinitions', { policyRule: anything, policyType: text, mode: text }),
    },
    'Microsoft.Authorization/policySetDefinitions': {
      item: `${authorization}/policySetDefinitions/i`,
      list: `${authorization}/policySetDefinitions`,
      shape: policyObject('policySetDefinitions', { policyDefinitions: z.array(anything), policyType: text }),
    },
    'Microsoft.Authorization/policyAssignments': {
      item: `${authorization}/policyAssignments/a`,
      list: `${authorization}/policyAssignments`,
      shape: policyObject('policyAssignments', { policyDefinitionId: text, scope: text, enforcementMode: text }),
    },
    'Microsoft.Authorization/policyExemptions': {
      item: `${authorization}/policyExemptions/x`,
      list: `${authorization}/policyExemptions`,
      shape: policyObject('policyExemptions', { policyAssignmentId: text, exemptionCategory: text }),
    },
    'Microsoft.Authorization/locks': {
      item: `${at.extension}/providers/Microsoft.Authorization/locks/l`,
      list: `${authorization}/locks`,
      shape: resource(z.strictObject({ level: text, notes: optional(text), owners: optional(z.array(anything)) }), {
        systemData,
      }),
    },
    'Microsoft.Authorization/register': registration(at, 'Microsoft.Authorization'),
  };
}
