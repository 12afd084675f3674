/** Names that rules may use for the properties of the types that there are, as `GET providers?$expand=resourceTypes/aliases` tells them (arm-api §7.3). */

export interface Alias {
  readonly name: string;
  /** Where it is in a resource, with `[*]` for each element of a list. */
  readonly path: string;
  readonly type: 'String' | 'Boolean' | 'Integer' | 'Array' | 'Object';
  /** Whether `modify` and `append` may change it: what a machine says of itself is for nobody to write. */
  readonly isModifiable: boolean;
}

type Property = readonly [path: string, type: Alias['type'], isModifiable?: 'modifiable'];

const properties: Readonly<Record<string, readonly Property[]>> = {
  'Microsoft.HybridCompute/machines': [
    ['agentConfiguration.configMode', 'String'],
    ['agentConfiguration.extensionsAllowList', 'Array'],
    ['agentConfiguration.extensionsAllowList[*]', 'Object'],
    ['agentConfiguration.extensionsAllowList[*].publisher', 'String'],
    ['agentConfiguration.extensionsAllowList[*].type', 'String'],
    ['agentConfiguration.extensionsBlockList', 'Array'],
    ['agentConfiguration.extensionsBlockList[*]', 'Object'],
    ['agentConfiguration.extensionsBlockList[*].publisher', 'String'],
    ['agentConfiguration.extensionsBlockList[*].type', 'String'],
    ['agentConfiguration.extensionsEnabled', 'String'],
    ['agentConfiguration.guestConfigurationEnabled', 'String'],
    ['agentUpgrade.enableAutomaticUpgrade', 'Boolean', 'modifiable'],
    ['agentVersion', 'String'],
    ['displayName', 'String'],
    ['licenseProfile.esuProfile.esuEligibility', 'String'],
    ['licenseProfile.esuProfile.licenseAssignmentState', 'String'],
    ['machineFqdn', 'String'],
    ['mssqlDiscovered', 'String'],
    ['osName', 'String'],
    ['osProfile.computerName', 'String'],
    ['osProfile.linuxConfiguration.patchSettings.assessmentMode', 'String'],
    ['osProfile.windowsConfiguration.patchSettings.assessmentMode', 'String'],
    ['osSku', 'String'],
    ['osType', 'String'],
    ['osVersion', 'String'],
    ['parentClusterResourceId', 'String', 'modifiable'],
    ['privateLinkScopeResourceId', 'String', 'modifiable'],
    ['provisioningState', 'String'],
    ['status', 'String'],
    ['vmId', 'String'],
  ],
  'Microsoft.HybridCompute/machines/extensions': [
    ['autoUpgradeMinorVersion', 'Boolean', 'modifiable'],
    ['enableAutomaticUpgrade', 'Boolean', 'modifiable'],
    ['forceUpdateTag', 'String', 'modifiable'],
    ['provisioningState', 'String'],
    ['publisher', 'String'],
    ['settings', 'Object'],
    ['type', 'String'],
    ['typeHandlerVersion', 'String', 'modifiable'],
  ],
  'Microsoft.HybridCompute/licenses': [
    ['licenseDetails.edition', 'String'],
    ['licenseDetails.processors', 'Integer'],
    ['licenseDetails.state', 'String'],
    ['licenseDetails.target', 'String'],
    ['licenseDetails.type', 'String'],
    ['licenseType', 'String'],
    ['provisioningState', 'String'],
  ],
  'Microsoft.HybridCompute/machines/licenseProfiles': [
    ['esuProfile.assignedLicense', 'String'],
    ['softwareAssurance.softwareAssuranceCustomer', 'Boolean'],
    ['provisioningState', 'String'],
  ],
  'Microsoft.HybridCompute/privateLinkScopes': [
    ['privateEndpointConnections', 'Array'],
    ['privateEndpointConnections[*]', 'Object'],
    ['privateEndpointConnections[*].privateLinkServiceConnectionState.status', 'String'],
    ['provisioningState', 'String'],
    ['publicNetworkAccess', 'String', 'modifiable'],
  ],
  'Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections': [
    ['privateLinkServiceConnectionState.status', 'String'],
    ['provisioningState', 'String'],
  ],
  'Microsoft.GuestConfiguration/guestConfigurationAssignments': [
    ['complianceStatus', 'String'],
    ['guestConfiguration.assignmentType', 'String'],
    ['guestConfiguration.contentHash', 'String'],
    ['guestConfiguration.contentUri', 'String'],
    ['guestConfiguration.name', 'String'],
    ['guestConfiguration.version', 'String'],
    ['parameterHash', 'String'],
    ['provisioningState', 'String'],
  ],
};

/** The aliases of a type; none for one that has no properties of its own to rule over. */
export function aliasesOf(type: string): readonly Alias[] {
  const own = (properties[type] ?? []).map(([path, kind, modifiable]): Alias => ({
    name: `${type}/${path}`,
    path: `properties.${path}`,
    type: kind,
    isModifiable: modifiable !== undefined,
  }));
  // An old name without a type; rules compare it with 'windows*' and 'linux*'.
  const image: Alias = {
    name: 'Microsoft.HybridCompute/imageOffer',
    path: 'properties.osName',
    type: 'String',
    isModifiable: false,
  };
  return type === 'Microsoft.HybridCompute/machines' ? [...own, image] : own;
}
