/** The roles there are from the start, with the ids and actions that clients know (arm-api §8.1). */
import type { Permission, Role } from './role.ts';
import { tenantScope } from './scope.ts';

/** Ids that rules of the control plane name. */
export const ownerRoleId = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';
export const onboardingRoleId = 'b64e21ea-ac4e-4cdf-9dc9-5b892992bee7';
export const readerRoleId = 'acdd72a7-3385-48ef-bd42-f606fba81ae7';

function builtIn(id: string, name: string, description: string, permission: Partial<Permission>): Role {
  const nothing = { actions: [], notActions: [], dataActions: [], notDataActions: [] };
  return {
    id,
    name,
    kind: 'BuiltInRole',
    description,
    permissions: [{ ...nothing, ...permission }],
    assignableScopes: [tenantScope],
  };
}

export const builtInRoles: readonly Role[] = [
  builtIn('8e3af657-a8ff-443c-a75c-2fe8c4bcb635', 'Owner', 'May do everything, and may give others access.', {
    actions: ['*'],
  }),
  builtIn('b24988ac-6180-42a0-ab88-20f7382dd24c', 'Contributor', 'May do everything but give others access.', {
    actions: ['*'],
    notActions: [
      'Microsoft.Authorization/*/Delete',
      'Microsoft.Authorization/*/Write',
      'Microsoft.Authorization/elevateAccess/Action',
      'Microsoft.Blueprint/blueprintAssignments/write',
      'Microsoft.Blueprint/blueprintAssignments/delete',
      'Microsoft.Compute/galleries/share/action',
      'Microsoft.Purview/consents/write',
      'Microsoft.Purview/consents/delete',
    ],
  }),
  builtIn(readerRoleId, 'Reader', 'May see everything and change nothing.', {
    actions: ['*/read'],
  }),
  builtIn(
    '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    'User Access Administrator',
    'May see everything and give others access.',
    {
      actions: ['*/read', 'Microsoft.Authorization/*', 'Microsoft.Support/*'],
    },
  ),
  builtIn(
    'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    'Role Based Access Control Administrator',
    'May see everything and assign roles.',
    {
      actions: [
        'Microsoft.Authorization/roleAssignments/write',
        'Microsoft.Authorization/roleAssignments/delete',
        '*/read',
        'Microsoft.Support/*',
      ],
    },
  ),
  builtIn(
    '36243c78-bf99-498c-9df9-86d9f8d28608',
    'Resource Policy Contributor',
    'May see everything and write policy.',
    {
      actions: [
        '*/read',
        'Microsoft.Authorization/policyassignments/*',
        'Microsoft.Authorization/policydefinitions/*',
        'Microsoft.Authorization/policyexemptions/*',
        'Microsoft.Authorization/policysetdefinitions/*',
        'Microsoft.PolicyInsights/*',
        'Microsoft.Resources/deployments/*',
        'Microsoft.Support/*',
      ],
    },
  ),
  builtIn(
    'b64e21ea-ac4e-4cdf-9dc9-5b892992bee7',
    'Azure Connected Machine Onboarding',
    'May connect machines, and nothing else: no extensions, no deletes.',
    {
      actions: [
        'Microsoft.HybridCompute/machines/read',
        'Microsoft.HybridCompute/machines/write',
        'Microsoft.HybridCompute/privateLinkScopes/read',
        'Microsoft.GuestConfiguration/guestConfigurationAssignments/read',
      ],
    },
  ),
  builtIn(
    'cd570a14-e51a-42ad-bac8-bafd67325302',
    'Azure Connected Machine Resource Administrator',
    'May do everything with machines and their extensions: whoever holds it is root on what the servers allow.',
    {
      actions: [
        'Microsoft.HybridCompute/machines/read',
        'Microsoft.HybridCompute/machines/write',
        'Microsoft.HybridCompute/machines/delete',
        'Microsoft.HybridCompute/machines/UpgradeExtensions/action',
        'Microsoft.HybridCompute/machines/extensions/read',
        'Microsoft.HybridCompute/machines/extensions/write',
        'Microsoft.HybridCompute/machines/extensions/delete',
        'Microsoft.HybridCompute/privateLinkScopes/*',
        'Microsoft.HybridCompute/*/read',
        'Microsoft.Resources/deployments/*',
        'Microsoft.HybridCompute/licenses/write',
        'Microsoft.HybridCompute/licenses/delete',
        'Microsoft.HybridCompute/machines/licenseProfiles/read',
        'Microsoft.HybridCompute/machines/licenseProfiles/write',
        'Microsoft.HybridCompute/machines/licenseProfiles/delete',
        'Microsoft.HybridCompute/machines/runCommands/read',
        'Microsoft.HybridCompute/machines/runCommands/write',
        'Microsoft.HybridCompute/machines/runCommands/delete',
      ],
    },
  ),
  builtIn(
    'f5819b54-e033-4d82-ac66-4fec3cbf3f4c',
    'Azure Connected Machine Resource Manager',
    'May do what the resource providers of machines do themselves.',
    {
      actions: [
        'Microsoft.HybridConnectivity/endpoints/read',
        'Microsoft.HybridConnectivity/endpoints/write',
        'Microsoft.HybridConnectivity/endpoints/serviceConfigurations/read',
        'Microsoft.HybridConnectivity/endpoints/serviceConfigurations/write',
        'Microsoft.HybridCompute/machines/read',
        'Microsoft.HybridCompute/machines/write',
        'Microsoft.HybridCompute/machines/delete',
        'Microsoft.HybridCompute/machines/extensions/read',
        'Microsoft.HybridCompute/machines/extensions/write',
        'Microsoft.HybridCompute/machines/extensions/delete',
        'Microsoft.HybridCompute/*/read',
        'Microsoft.HybridCompute/machines/UpgradeExtensions/action',
        'Microsoft.HybridCompute/machines/licenseProfiles/read',
        'Microsoft.HybridCompute/machines/licenseProfiles/write',
        'Microsoft.HybridCompute/machines/licenseProfiles/delete',
        'Microsoft.GuestConfiguration/guestConfigurationAssignments/read',
        'Microsoft.GuestConfiguration/guestConfigurationAssignments/*/read',
        'Microsoft.GuestConfiguration/guestConfigurationAssignments/write',
      ],
    },
  ),
];
