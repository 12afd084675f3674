/** Definitions that others wrote, unmodified, each against resources that comply and resources that do not. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { complianceOf } from './compliance.ts';
import { decideWrite } from './decide-write.ts';
import type { Json, JsonObject } from './json.ts';
import { relatedQuery } from './related-query.ts';
import type { PolicyResource } from './rule/field.ts';
import {
  assigned,
  extensionOf,
  extensionType,
  machineOf,
  machineType,
  resourceOf,
  surroundings,
} from './testing/assigned.ts';

const published = join(import.meta.dirname, '../../../../tests/published-policies');

/** A resource, beside what there is of the type that is looked for. */
interface Situation {
  readonly resource: PolicyResource;
  readonly found?: readonly PolicyResource[];
}

interface Row {
  readonly parameters?: JsonObject;
  readonly compliant: readonly Situation[];
  readonly nonCompliant: readonly Situation[];
  /** What the policy is not about. */
  readonly other?: readonly Situation[];
  /** What it makes of the first that does not comply, for rules that change. */
  readonly becomes?: JsonObject;
}

const linux = machineOf({ osName: 'linux', osSku: 'Ubuntu 24.04', mssqlDiscovered: 'true' });
const windows = machineOf({ osName: 'Windows', osSku: 'Windows Server 2022', mssqlDiscovered: 'true' });
const group = (tags: JsonObject): PolicyResource => ({
  ...resourceOf('Microsoft.Resources/subscriptions/resourceGroups', 'g', { location: 'here', tags }),
  id: '/subscriptions/s/resourceGroups/g',
});
const subscription = (tags: JsonObject): PolicyResource => ({
  id: '/subscriptions/s',
  name: 's',
  type: 'Microsoft.Resources/subscriptions',
  content: { tags },
});
const privateLinkScope = (properties: JsonObject): PolicyResource =>
  resourceOf('Microsoft.HybridCompute/privateLinkScopes', 'p', { location: 'here', tags: {}, properties });

/** Rules that look for an extension on machines of an operating system. */
function extensionRow(
  os: 'linux' | 'windows' | 'any',
  publisher: string,
  type: string,
  more: { readonly name?: string; readonly parameters?: JsonObject; readonly failing?: string } = {},
): Row {
  const machine = os === 'windows' ? windows : linux;
  const there = extensionOf(publisher, type, {}, more.name ?? type);
  const failed = extensionOf(publisher, type, { provisioningState: more.failing ?? 'Failed' }, more.name ?? type);
  return {
    ...(more.parameters === undefined ? {} : { parameters: more.parameters }),
    compliant: [
      { resource: machine, found: [there] },
      { resource: machine, found: [failed, extensionOf('Other.Publisher', 'Other'), there] },
    ],
    nonCompliant: [
      { resource: machine, found: [] },
      { resource: machine, found: [failed] },
      { resource: machine, found: [extensionOf('Other.Publisher', type), extensionOf(publisher, 'Other')] },
    ],
    other: [
      ...(os === 'any' ? [] : [{ resource: os === 'windows' ? linux : windows, found: [] }]),
      { resource: group({}), found: [] },
    ],
  };
}

function tagRow(row: Omit<Row, 'parameters'>, parameters: JsonObject = { tagName: 'Team', tagValue: 'blue' }): Row {
  return { parameters, ...row };
}
const tagged = (tags: JsonObject): Situation => ({ resource: machineOf({}, { tags }) });
const taggedGroup = (tags: JsonObject): Situation => ({ resource: group(tags) });
const taggedSubscription = (tags: JsonObject): Situation => ({ resource: subscription(tags) });

const sqlExtension = (settings: JsonObject): PolicyResource =>
  extensionOf('Microsoft.AzureData', 'WindowsAgent.SqlServer', { settings });
const itself = (resource: PolicyResource): Situation => ({ resource, found: [resource] });

const monitor = 'Microsoft.Azure.Monitor';
const logAnalytics = 'Microsoft.EnterpriseCloud.Monitoring';
const dependency = 'Microsoft.Azure.Monitoring.DependencyAgent';
const security = 'Microsoft.Azure.Security.Monitoring';
const changeTracking = 'Microsoft.Azure.ChangeTrackingAndInventory';
const defender = 'Microsoft.Azure.AzureDefenderForServers';

const rows: Readonly<Record<string, Row>> = {
  Azure_Arc__Arc_AutomaticUpgradeEnabled_Modify: {
    compliant: [{ resource: machineOf({ agentUpgrade: { enableAutomaticUpgrade: true } }) }],
    nonCompliant: [
      { resource: machineOf({}) },
      { resource: machineOf({ agentUpgrade: { enableAutomaticUpgrade: false } }) },
    ],
    other: [taggedGroup({})],
    becomes: { properties: { agentUpgrade: { enableAutomaticUpgrade: true } } },
  },
  Azure_Arc__Arc_PrivateEndpoint_Audit: {
    compliant: [
      {
        resource: privateLinkScope({
          privateEndpointConnections: [{ privateLinkServiceConnectionState: { status: 'Approved' } }],
        }),
      },
    ],
    nonCompliant: [
      { resource: privateLinkScope({}) },
      {
        resource: privateLinkScope({
          privateEndpointConnections: [{ privateLinkServiceConnectionState: { status: 'Pending' } }],
        }),
      },
    ],
    other: [{ resource: linux }],
  },
  Azure_Arc__Arc_PrivateEndpoint_DINE: {
    parameters: { privateEndpointSubnetId: '/subnet' },
    compliant: [
      {
        resource: privateLinkScope({}),
        found: [
          resourceOf('Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections', 'p/c', {
            properties: { privateLinkServiceConnectionState: { status: 'Approved' } },
          }),
        ],
      },
    ],
    nonCompliant: [
      { resource: privateLinkScope({}), found: [] },
      {
        resource: privateLinkScope({}),
        found: [
          resourceOf('Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections', 'p/c', {
            properties: { privateLinkServiceConnectionState: { status: 'Rejected' } },
          }),
        ],
      },
    ],
    other: [{ resource: linux }],
  },
  Azure_Arc__Arc_PrivateEndpoint_DNS_DINE: {
    parameters: {
      privateDnsZoneIDForGuestConfiguration: '/a',
      privateDnsZoneIDForHybridResourceProvider: '/b',
    },
    ...privateEndpointSituations(),
  },
  Azure_Arc__Arc_PrivateLinkScope_PublicAccess_Deny: publicAccess(),
  Azure_Arc__Arc_PrivateLinkScope_PublicAccess_Modify: {
    ...publicAccess(),
    becomes: { properties: { publicNetworkAccess: 'Disabled' } },
  },
  Azure_Arc__Arc_Server_PrivateLinkEnabled_Deny: {
    compliant: [{ resource: machineOf({ privateLinkScopeResourceId: '/p' }) }],
    nonCompliant: [{ resource: linux }],
    other: [{ resource: privateLinkScope({}) }],
  },
  Azure_Arc__Arc_Server_PrivateLinkEnabled_Modify: {
    parameters: { privateLinkScopeId: '/p' },
    compliant: [{ resource: machineOf({ privateLinkScopeResourceId: '/P' }) }],
    nonCompliant: [{ resource: linux }, { resource: machineOf({ privateLinkScopeResourceId: '/q' }) }],
    other: [{ resource: privateLinkScope({}) }],
    becomes: { properties: { privateLinkScopeResourceId: '/p' } },
  },
  Azure_Arc__GuestConfiguration_ArcESU_DINE: {
    parameters: { ESULicenseResourceId: '/license' },
    ...esuSituations(),
  },
  Azure_Arc__GuestConfiguration_ArcESU_Deny: {
    compliant: [],
    nonCompliant: [{ resource: resourceOf('Microsoft.HybridCompute/licenses', 'l', { location: 'here', tags: {} }) }],
    other: [{ resource: linux }],
  },
  ChangeTrackingAndInventory__AMA_Linux_HybridVM_DINE: extensionRow('linux', monitor, 'AzureMonitorLinuxAgent'),
  ChangeTrackingAndInventory__AMA_Windows_HybridVM_DINE: extensionRow('windows', monitor, 'AzureMonitorWindowsAgent'),
  Compute__VirtualMachines_ApprovedExtensions_Audit: {
    parameters: { approvedExtensions: ['Good'] },
    compliant: [
      { resource: resourceOf('Microsoft.Compute/virtualMachines/extensions', 'v/e', { properties: { type: 'good' } }) },
    ],
    nonCompliant: [
      { resource: resourceOf('Microsoft.Compute/virtualMachines/extensions', 'v/e', { properties: { type: 'Bad' } }) },
    ],
    // The published rule is about virtual machines and says nothing of Arc machines.
    other: [{ resource: extensionOf('P', 'Bad') }],
  },
  General__AllowedLocations_Deny: {
    parameters: { listOfAllowedLocations: ['eastus'] },
    compliant: [{ resource: linux }, { resource: machineOf({}, { location: 'global' }) }],
    nonCompliant: [{ resource: machineOf({}, { location: 'westus' }) }],
    other: [{ resource: resourceOf('Microsoft.AzureActiveDirectory/b2cDirectories', 'b', { location: 'x' }) }],
  },
  General__AllowedResourceTypes_Deny: {
    parameters: { listOfResourceTypesAllowed: [machineType] },
    compliant: [],
    nonCompliant: [{ resource: extensionOf('P', 'T') }],
    // An allowed type cannot fulfil the rule, so the rule is not about it.
    other: [{ resource: linux }],
  },
  General__InvalidResourceTypes_Deny: {
    parameters: { listOfResourceTypesNotAllowed: [extensionType] },
    compliant: [],
    nonCompliant: [{ resource: extensionOf('P', 'T') }],
    other: [{ resource: linux }],
  },
  Monitoring__ASC_AzureSecurityArcDefaultWorkspaceLinux_DINE: extensionRow('linux', logAnalytics, 'OmsAgentForLinux'),
  Monitoring__ASC_AzureSecurityArcDefaultWorkspaceWindows_DINE: extensionRow(
    'windows',
    logAnalytics,
    'MicrosoftMonitoringAgent',
  ),
  Monitoring__Arc_Linux_LogAnalytics_Audit: extensionRow('linux', logAnalytics, 'OmsAgentForLinux'),
  Monitoring__Arc_Windows_LogAnalytics_Audit: extensionRow('windows', logAnalytics, 'MicrosoftMonitoringAgent'),
  Monitoring__AzureMonitor_Agent_Linux_HybridVM_Audit: extensionRow('linux', monitor, 'AzureMonitorLinuxAgent'),
  Monitoring__AzureMonitor_Agent_Linux_HybridVM_DINE: extensionRow('linux', monitor, 'AzureMonitorLinuxAgent'),
  Monitoring__AzureMonitor_Agent_Windows_HybridVM_Audit: extensionRow('windows', monitor, 'AzureMonitorWindowsAgent'),
  Monitoring__AzureMonitor_Agent_Windows_HybridVM_DINE: extensionRow('windows', monitor, 'AzureMonitorWindowsAgent'),
  Monitoring__DependencyAgentExtension_Linux_HybridVM_DINE: extensionRow('linux', dependency, 'DependencyAgentLinux'),
  Monitoring__DependencyAgentExtension_Linux_HybridVM_Deploy_AMA: extensionRow(
    'linux',
    dependency,
    'DependencyAgentLinux',
  ),
  Monitoring__DependencyAgentExtension_Windows_HybridVM_DINE: extensionRow(
    'windows',
    dependency,
    'DependencyAgentWindows',
  ),
  Monitoring__DependencyAgentExtension_Windows_HybridVM_Deploy_AMA: extensionRow(
    'windows',
    dependency,
    'DependencyAgentWindows',
  ),
  Monitoring__LogAnalyticsExtension_Linux_HybridVM_DINE: extensionRow('linux', logAnalytics, 'OmsAgentForLinux', {
    parameters: { logAnalytics: '/workspace' },
  }),
  Monitoring__LogAnalyticsExtension_Linux_HybridVM_Deny: deniedExtension('OmsAgentForLinux'),
  Monitoring__LogAnalyticsExtension_Windows_HybridVM_DINE: extensionRow(
    'windows',
    logAnalytics,
    'MicrosoftMonitoringAgent',
    { parameters: { logAnalytics: '/workspace' } },
  ),
  Monitoring__LogAnalyticsExtension_Windows_HybridVM_Deny: deniedExtension('MicrosoftMonitoringAgent'),
  SQL_Server__ArcEnabledSQLServer_EnableBestPracticesAssessment: {
    parameters: { laWorkspaceId: '/w', laWorkspaceLocation: 'eastus', isEnabled: true },
    compliant: [
      itself(sqlExtension({ LicenseType: 'Paid', AssessmentSettings: { Enable: true, RunImmediately: true } })),
    ],
    nonCompliant: [
      itself(sqlExtension({ LicenseType: 'PAYG' })),
      itself(sqlExtension({ LicenseType: 'Paid', AssessmentSettings: { Enable: false } })),
    ],
    other: [
      itself(sqlExtension({ LicenseType: 'LicenseOnly' })),
      itself(sqlExtension({})),
      itself(extensionOf('P', 'T')),
    ],
  },
  SQL_Server__ArcEnabledSQLServer_SubscribeESU_DINE: {
    parameters: { enableESU: true },
    compliant: [itself(sqlExtension({ LicenseType: 'Paid', enableExtendedSecurityUpdates: true }))],
    nonCompliant: [
      itself(sqlExtension({ LicenseType: 'Paid' })),
      itself(sqlExtension({ LicenseType: 'PAYG', enableExtendedSecurityUpdates: false })),
    ],
    other: [itself(sqlExtension({ LicenseType: 'LicenseOnly' })), itself(extensionOf('P', 'T'))],
  },
  SQL__ArcMachineWithSQL_InstallArcEnabledExtension: {
    ...extensionRow('any', 'Microsoft.AzureData', 'LinuxAgent.SqlServer'),
    other: [{ resource: machineOf({ osName: 'linux' }), found: [] }],
  },
  Security_Center__ASC_AzureSecurityLinuxAgent_Arc_AINE: extensionRow('linux', security, 'AzureSecurityLinuxAgent'),
  Security_Center__ASC_AzureSecurityLinuxAgent_Arc_DINE: extensionRow('linux', security, 'AzureSecurityLinuxAgent'),
  Security_Center__ASC_AzureSecurityWindowsAgent_Arc_AINE: extensionRow(
    'windows',
    security,
    'AzureSecurityWindowsAgent',
  ),
  Security_Center__ASC_AzureSecurityWindowsAgent_Arc_DINE: extensionRow(
    'windows',
    security,
    'AzureSecurityWindowsAgent',
  ),
  Security_Center__ASC_ChangeTrackingLinuxAgent_Arc_AINE: extensionRow('linux', changeTracking, 'ChangeTracking-Linux'),
  Security_Center__ASC_ChangeTrackingLinuxAgent_Arc_DINE: extensionRow('linux', changeTracking, 'ChangeTracking-Linux'),
  Security_Center__ASC_ChangeTrackingWindowsAgent_Arc_AINE: extensionRow(
    'windows',
    changeTracking,
    'ChangeTracking-Windows',
  ),
  Security_Center__ASC_ChangeTrackingWindowsAgent_Arc_DINE: extensionRow(
    'windows',
    changeTracking,
    'ChangeTracking-Windows',
  ),
  Security_Center__ASC_MicrosoftDefenderForEndpoint_LinuxAgent_ARC_DINE: extensionRow('linux', defender, 'MDE.Linux'),
  Security_Center__ASC_MicrosoftDefenderForEndpoint_WindowsAgent_ARC_DINE: extensionRow(
    'windows',
    defender,
    'MDE.Windows',
  ),
  Security_Center__MDC_DfSQL_DeployMicrosoftDefenderForSQLWindowsAgent_Arc: extensionRow(
    'windows',
    'Microsoft.Azure.AzureDefenderForSQL',
    'AdvancedThreatProtection.Windows',
    { name: 'MicrosoftDefenderForSQL' },
  ),
  Security_Center__MDC_DfSQL_DeployWindowsAMA_Arc: extensionRow('windows', monitor, 'AzureMonitorWindowsAgent'),
  Tags__AddOrReplaceTag_Modify: tagRow({
    compliant: [tagged({ team: 'Blue' })],
    nonCompliant: [tagged({}), tagged({ Team: 'red' })],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__AddOrReplaceTag_ResourceGroup_Modify: tagRow({
    compliant: [taggedGroup({ Team: 'blue' })],
    nonCompliant: [taggedGroup({}), taggedGroup({ Team: 'red' })],
    other: [tagged({})],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__AddOrReplaceTag_Subscription_Modify: tagRow({
    compliant: [taggedSubscription({ Team: 'blue' })],
    nonCompliant: [taggedSubscription({}), taggedSubscription({ Team: 'red' })],
    other: [taggedGroup({})],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__AddTag_Modify: tagRow({
    compliant: [tagged({ Team: 'red' })],
    nonCompliant: [tagged({})],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__AddTag_ResourceGroup_Modify: tagRow({
    compliant: [taggedGroup({ Team: 'red' })],
    nonCompliant: [taggedGroup({})],
    other: [tagged({})],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__AddTag_Subscription_Modify: tagRow({
    compliant: [taggedSubscription({ Team: 'red' })],
    nonCompliant: [taggedSubscription({})],
    other: [tagged({})],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__ApplyTag_Append: tagRow({
    compliant: [tagged({ Team: 'red' })],
    nonCompliant: [tagged({})],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__DepartmentTagRequired_Deny: {
    compliant: [tagged({ Department: 'it' })],
    nonCompliant: [tagged({}), { resource: machineOf({}, { tags: { team: 'x' } }) }],
  },
  Tags__EnvironmentTagValues_Deny: {
    compliant: [tagged({ Environment: 'dev' })],
    nonCompliant: [tagged({}), tagged({ environment: 'moon' })],
  },
  Tags__InheritTag_AddOrReplace_FromSubscription: tagRow(
    {
      compliant: [tagged({ cost: '7' })],
      nonCompliant: [tagged({}), tagged({ cost: '8' })],
      becomes: { tags: { cost: '7' } },
    },
    { tagName: 'cost' },
  ),
  Tags__InheritTag_AddOrReplace_Modify: tagRow(
    {
      compliant: [tagged({ team: 'blue' })],
      nonCompliant: [tagged({}), tagged({ team: 'red' })],
      becomes: { tags: { team: 'blue' } },
    },
    { tagName: 'team' },
  ),
  Tags__InheritTag_Add_FromSubscription: tagRow(
    { compliant: [tagged({ cost: '8' })], nonCompliant: [tagged({})], becomes: { tags: { cost: '7' } } },
    { tagName: 'cost' },
  ),
  Tags__InheritTag_Add_Modify: tagRow(
    { compliant: [tagged({ team: 'red' })], nonCompliant: [tagged({})], becomes: { tags: { team: 'blue' } } },
    { tagName: 'team' },
  ),
  Tags__InheritTag_Append: tagRow(
    { compliant: [tagged({ team: 'red' })], nonCompliant: [tagged({})], becomes: { tags: { team: 'blue' } } },
    { tagName: 'team' },
  ),
  Tags__RequireTagAndValue_Deny: tagRow({
    compliant: [tagged({ Team: 'blue' })],
    nonCompliant: [tagged({}), tagged({ Team: 'red' })],
  }),
  Tags__RequireTag_Deny: tagRow({ compliant: [tagged({ team: '' })], nonCompliant: [tagged({})] }, { tagName: 'Team' }),
  Tags__ResourceGroupApplyTag_Append: tagRow({
    compliant: [taggedGroup({ Team: 'red' })],
    nonCompliant: [taggedGroup({})],
    other: [tagged({})],
    becomes: { tags: { Team: 'blue' } },
  }),
  Tags__ResourceGroupRequireTagAndValue_Deny: tagRow({
    compliant: [taggedGroup({ Team: 'blue' })],
    nonCompliant: [taggedGroup({}), taggedGroup({ Team: 'red' })],
    other: [tagged({})],
  }),
  Tags__ResourceGroupRequireTag_Deny: tagRow(
    { compliant: [taggedGroup({ Team: 'x' })], nonCompliant: [taggedGroup({})], other: [tagged({})] },
    { tagName: 'Team' },
  ),
};

function publicAccess(): Row {
  return {
    compliant: [{ resource: privateLinkScope({ publicNetworkAccess: 'Disabled' }) }],
    nonCompliant: [
      { resource: privateLinkScope({}) },
      { resource: privateLinkScope({ publicNetworkAccess: 'Enabled' }) },
    ],
    other: [{ resource: linux }],
  };
}

function deniedExtension(type: string): Row {
  return {
    compliant: [{ resource: extensionOf(monitor, type) }, { resource: extensionOf(logAnalytics, 'Other') }],
    nonCompliant: [{ resource: extensionOf(logAnalytics.toUpperCase(), type) }],
    other: [{ resource: linux }],
  };
}

function privateEndpointSituations(): Pick<Row, 'compliant' | 'nonCompliant' | 'other'> {
  const endpoint = (privateLinkServiceId: string): PolicyResource =>
    resourceOf('Microsoft.Network/privateEndpoints', 'e', {
      location: 'here',
      tags: {},
      properties: { privateLinkServiceConnections: [{ privateLinkServiceId, groupIds: ['hybridcompute'] }] },
    });
  const ours = endpoint('/subscriptions/s/providers/Microsoft.HybridCompute/privateLinkScopes/p');
  const zones = resourceOf('Microsoft.Network/privateEndpoints/privateDnsZoneGroups', 'e/z');
  return {
    compliant: [{ resource: ours, found: [zones] }],
    nonCompliant: [{ resource: ours, found: [] }],
    other: [{ resource: endpoint('/somewhere/else'), found: [] }],
  };
}

function esuSituations(): Pick<Row, 'compliant' | 'nonCompliant' | 'other'> {
  const eligible = machineOf({ osName: 'windows', licenseProfile: { esuProfile: { esuEligibility: 'Eligible' } } });
  const profile = (assignedLicense: string): PolicyResource =>
    resourceOf(`${machineType}/licenseProfiles`, 'm/default', { properties: { esuProfile: { assignedLicense } } });
  return {
    compliant: [{ resource: eligible, found: [profile('/license')] }],
    nonCompliant: [
      { resource: eligible, found: [] },
      { resource: eligible, found: [profile('/other')] },
    ],
    other: [{ resource: windows, found: [] }],
  };
}

describe('S5.1 published definitions', () => {
  const files = readdirSync(published).filter((name) => name.endsWith('.json'));

  test('the table has a row for each of them, and no other', () => {
    expect(
      Object.keys(rows)
        .map((name) => `${name}.json`)
        .toSorted(),
    ).toEqual(files.toSorted());
  });

  test.each(Object.entries(rows))('%s', (name, row) => {
    const { properties } = JSON.parse(readFileSync(join(published, `${name}.json`), 'utf8')) as {
      readonly properties: JsonObject;
    };
    // A rule that is published switched off is looked at as it is when somebody switches it on.
    const { effect } = properties['parameters'] as { readonly effect?: { readonly allowedValues: readonly Json[] } };
    const working = effect?.allowedValues.find((one) => one !== 'Disabled');
    const policy = assigned(properties, { ...row.parameters, ...(working === undefined ? {} : { effect: working }) });
    const stateOf = ({ resource, found = [] }: Situation): string | undefined => {
      expect(() => relatedQuery(policy, resource, surroundings)).not.toThrow();
      return complianceOf(policy, resource, true, surroundings, found)?.state;
    };
    expect(row.compliant.map(stateOf)).toEqual(row.compliant.map(() => 'Compliant'));
    expect(row.nonCompliant.map(stateOf)).toEqual(row.nonCompliant.map(() => 'NonCompliant'));
    expect((row.other ?? []).map(stateOf)).toEqual((row.other ?? []).map(() => undefined));
    expect(row.nonCompliant.length).toBeGreaterThan(0);
    expect(row.compliant.length + (row.other ?? []).length).toBeGreaterThan(0);
    // What a write becomes: denied exactly where it does not comply, or changed so that it does.
    const [first] = row.nonCompliant;
    if (first === undefined) return;
    const { content, denied, audited } = decideWrite(first.resource, true, [policy], surroundings);
    const word = (typeof working === 'string' ? working : policy.definition.rule.effect).toLowerCase();
    expect([word, denied.length, audited.length]).toEqual([word, word === 'deny' ? 1 : 0, word === 'audit' ? 1 : 0]);
    if (row.becomes === undefined) expect(content).toEqual(first.resource.content);
    else {
      expect(content).toMatchObject(row.becomes);
      expect(stateOf({ ...first, resource: { ...first.resource, content } })).toBe('Compliant');
    }
    for (const { resource } of row.compliant)
      expect(decideWrite(resource, true, [policy], surroundings)).toMatchObject({
        denied: [],
        content: resource.content,
      });
  });
});
