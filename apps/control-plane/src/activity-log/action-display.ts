/** What people read for an action in the activity log (arm-api §8.1). One row for each action that can be recorded. */
export const actionDisplays: Readonly<Record<string, string>> = {
  'Microsoft.HybridCompute/machines/write': 'Writes an Azure Arc machines',
  'Microsoft.HybridCompute/machines/delete': 'Deletes an Azure Arc machines',
  'Microsoft.HybridCompute/machines/extensions/write': 'Installs or Updates an Azure Arc extensions',
  'Microsoft.HybridCompute/machines/extensions/delete': 'Deletes an Azure Arc extensions',
  'Microsoft.HybridCompute/machines/extensions/cancel/action':
    'Cancels the operation under way on an Azure Arc extensions',
  'Microsoft.HybridCompute/machines/upgradeExtensions/action': 'Upgrades Extensions on Azure Arc machines',
  'Microsoft.HybridCompute/machines/addExtensions/action': 'Adds Extensions to Azure Arc machines',
  'Microsoft.HybridCompute/machines/licenseProfiles/write': 'Installs or Updates an Azure Arc licenseProfiles',
  'Microsoft.HybridCompute/machines/licenseProfiles/delete': 'Deletes an Azure Arc licenseProfiles',
  'Microsoft.HybridCompute/licenses/write': 'Installs or Updates an Azure Arc licenses',
  'Microsoft.HybridCompute/licenses/delete': 'Deletes an Azure Arc licenses',
  'Microsoft.HybridCompute/privateLinkScopes/write': 'Writes an Azure Arc privateLinkScopes',
  'Microsoft.HybridCompute/privateLinkScopes/delete': 'Deletes an Azure Arc privateLinkScopes',
  'Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections/write':
    'Writes an Azure Arc privateEndpointConnections',
  'Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections/delete':
    'Deletes an Azure Arc privateEndpointConnections',
  'Microsoft.GuestConfiguration/guestConfigurationAssignments/write': 'Create new Guest Configuration Assignment.',
  'Microsoft.GuestConfiguration/guestConfigurationAssignments/delete': 'Delete Guest Configuration Assignment.',
  'Microsoft.GuestConfiguration/register/action':
    'Registers the subscription for the Microsoft.GuestConfiguration resource provider',
  'Microsoft.HybridCompute/register/action':
    'Registers the subscription for the Microsoft.HybridCompute resource provider',
  'Microsoft.Insights/register/action': 'Registers the subscription for the Microsoft.Insights resource provider',
  'Microsoft.Resources/register/action': 'Registers the subscription for the Microsoft.Resources resource provider',
  'Microsoft.Resources/tags/write': 'Updates the tags on a resource',
  'Microsoft.Resources/tags/delete': 'Removes all the tags on a resource',
  'Microsoft.Resources/subscriptions/resourceGroups/write': 'Update resource group',
  'Microsoft.Resources/subscriptions/resourceGroups/delete': 'Delete resource group',
  'Microsoft.Authorization/policies/audit/action': "'audit' Policy action",
  'Microsoft.Authorization/policyDefinitions/write': 'Create or update policy definition',
  'Microsoft.Authorization/policyDefinitions/delete': 'Delete policy definition',
  'Microsoft.Authorization/policySetDefinitions/write': 'Create or update policy set definition',
  'Microsoft.Authorization/policySetDefinitions/delete': 'Delete policy set definition',
  'Microsoft.Authorization/policyAssignments/write': 'Create policy assignment',
  'Microsoft.Authorization/policyAssignments/delete': 'Delete policy assignment',
  'Microsoft.Authorization/policyExemptions/write': 'Create or update policy exemption',
  'Microsoft.Authorization/policyExemptions/delete': 'Delete policy exemption',
  'Microsoft.Authorization/register/action':
    'Registers the subscription for the Microsoft.Authorization resource provider',
  'Microsoft.Authorization/roleAssignments/write': 'Create role assignment',
  'Microsoft.Authorization/roleAssignments/delete': 'Delete role assignment',
  'Microsoft.Authorization/roleDefinitions/write': 'Create or update custom role definition',
  'Microsoft.Authorization/roleDefinitions/delete': 'Delete custom role definition',
  'Microsoft.Authorization/servicePrincipals/write': 'Create or replace the credential of a service principal',
  'Sallyport.Explain/register/action': 'Registers the subscription for the Sallyport.Explain resource provider',
  'Sallyport.Upgrades/register/action': 'Registers the subscription for the Sallyport.Upgrades resource provider',
  'Sallyport.Upgrades/rolloutSettings/write': 'Set how versions are rolled out',
  'Sallyport.Upgrades/rolloutSettings/delete': 'Set how versions are rolled out to the default',
  'Sallyport.Upgrades/machineSettings/write': 'Set when a machine is upgraded by itself',
  'Sallyport.Upgrades/machineSettings/delete': 'Set when a machine is upgraded by itself to the default',
  'Sallyport.Upgrades/rollouts/halt/action': 'Halt a rollout',
  'Sallyport.Upgrades/rollouts/resume/action': 'Resume a rollout',
  'Sallyport.Identity/register/action': 'Registers the subscription for the Sallyport.Identity resource provider',
  'Sallyport.Identity/machines/quarantine/action': 'Quarantine a machine whose identity is in two places',
  'Sallyport.Identity/machines/renewKey/action': 'Renew the key of a machine',
  'Sallyport.Identity/releaseQuarantine/action': 'Release a machine from quarantine',
  'Sallyport.Identity/servicePrincipals/write': 'Create or rename service principal',
  'Sallyport.Identity/servicePrincipals/delete': 'Delete service principal',
  'Sallyport.Identity/servicePrincipals/rotateSecret/action': 'Replace the secret of a service principal',
};

/** The display text of an action, or the action itself when it is not one of the table. */
export function displayOfAction(action: string): string {
  return actionDisplays[action] ?? action;
}
