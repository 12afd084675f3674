/** Every route of the registry: where it can be asked in a system that has one of each kind, and what its answer has to be held against. */
import * as z from 'zod/mini';

export interface Route {
  /** A resource of the type, where it can be read. */
  readonly item?: string;
  /** A collection of them. */
  readonly list?: string;
  /** The list is no list: one thing is told there. */
  readonly isWhole?: true;
  /** An action, with a body that is carried out. */
  readonly ask?: readonly [path: string, body?: unknown];
  /** Of a resource, and of each member of a list. `published`: what the model of the type says. */
  readonly shape: 'published' | z.ZodMiniType;
  /** Of the answer to the action. */
  readonly answer?: z.ZodMiniType;
}

/** Where the resources of the system are. */
export interface Places {
  readonly subscription: string;
  readonly group: string;
  readonly machine: string;
  readonly extension: string;
  /** Of an extension. */
  readonly operationId: string;
  readonly deploymentOperationId: string;
  readonly clientId: string;
  readonly certificate: string;
  readonly roleId: string;
  readonly privateLinkScopeId: string;
}

const text = z.string();
const time = z.string().check(z.iso.datetime());
const tags = z.record(text, text);
const anything = z.record(text, z.unknown());
const optional = z.optional;
const systemData = z.strictObject({
  createdBy: text,
  createdByType: text,
  createdAt: time,
  lastModifiedBy: text,
  lastModifiedByType: text,
  lastModifiedAt: time,
});
const resource = (properties: z.ZodMiniType, more: Readonly<Record<string, z.ZodMiniType>> = {}): z.ZodMiniType =>
  z.strictObject({ id: text, name: text, type: text, properties, ...more });

const subscription = z.strictObject({
  id: text,
  subscriptionId: text,
  tenantId: text,
  displayName: text,
  state: z.literal('Enabled'),
  subscriptionPolicies: z.strictObject({ locationPlacementId: text, quotaId: text, spendingLimit: text }),
  authorizationSource: text,
  managedByTenants: z.array(z.unknown()),
  tags: optional(tags),
});
const resourceGroup = resource(z.strictObject({ provisioningState: text }), { location: text, tags });
const tracked = z.strictObject({
  id: text,
  name: text,
  type: text,
  location: text,
  tags: optional(tags),
  createdTime: optional(time),
  changedTime: optional(time),
  provisioningState: optional(text),
  identity: optional(anything),
});
const provider = z.strictObject({
  id: optional(text),
  namespace: text,
  registrationState: z.literal('Registered'),
  registrationPolicy: text,
  resourceTypes: z.array(
    z.strictObject({
      resourceType: text,
      locations: z.array(text),
      apiVersions: z.array(text).check(z.minLength(1)),
      capabilities: text,
    }),
  ),
});
const deployment = resource(
  z.looseObject({ provisioningState: text, correlationId: text, timestamp: time, mode: z.literal('Incremental') }),
  { location: optional(text), tags: optional(tags) },
);
const operation = z.strictObject({
  id: text,
  name: text,
  status: text,
  startTime: time,
  endTime: optional(time),
  error: optional(anything),
});
const policyObject = (kind: string, more: Readonly<Record<string, z.ZodMiniType>> = {}): z.ZodMiniType =>
  resource(z.looseObject({ ...more }), {
    type: z.literal(`Microsoft.Authorization/${kind}`),
    systemData,
    location: optional(text),
    identity: optional(z.strictObject({ type: text, principalId: optional(text), tenantId: optional(text) })),
  });
const named = z.strictObject({ value: text, localizedValue: text });
/** Ours: the members of every resource, and properties of its own. */
const own = z.looseObject({ id: text, name: text, type: text, properties: anything });
const nothing = z.undefined();

/** By type as it is served. A type that is registered and not named here fails the test that goes through them. */
export function servedRoutes(at: Places): Readonly<Record<string, Route>> {
  const { subscription: s, group: g, machine: m, extension: e } = at;
  const hybrid = `${g}/providers/Microsoft.HybridCompute`;
  const authorization = `${s}/providers/Microsoft.Authorization`;
  const insights = `${s}/providers/Microsoft.PolicyInsights`;
  const locations = `${s}/providers/Microsoft.HybridCompute/locations/here`;
  const identity = '/providers/Sallyport.Identity';
  const principal = `${identity}/servicePrincipals/${at.clientId}`;
  const user = `${identity}/users/anna@example.org`;
  const templates = `${g}/providers/Microsoft.Resources/deployments`;
  const upgrades = `${s}/providers/Sallyport.Upgrades`;
  const template = { $schema: 'https://example.org/t.json#', contentVersion: '1.0.0.0', resources: [] };
  const register = (namespace: string): Route => ({
    ask: [`${s}/providers/${namespace}/register`],
    shape: nothing,
    answer: provider,
  });
  return {
    'Microsoft.Resources/subscriptions': { item: s, list: '/subscriptions', shape: subscription },
    'Microsoft.Resources/tenants': {
      list: '/tenants',
      shape: z.looseObject({ id: text, tenantId: text, displayName: text }),
    },
    'Microsoft.Resources/locations': {
      list: `${s}/locations`,
      shape: z.looseObject({ id: text, name: text, displayName: text, metadata: z.looseObject({ regionType: text }) }),
    },
    'Microsoft.Resources/subscriptions/resourceGroups': { item: g, list: `${s}/resourceGroups`, shape: resourceGroup },
    'Microsoft.Resources/resources': { list: `${s}/resources`, shape: tracked },
    'Microsoft.Resources/tags': {
      item: `${m}/providers/Microsoft.Resources/tags/default`,
      shape: resource(z.strictObject({ tags })),
    },
    'Microsoft.Resources/deployments': { item: `${templates}/d`, list: templates, shape: deployment },
    'Microsoft.Resources/deployments/validate': {
      ask: [`${templates}/d/validate`, { properties: { mode: 'Incremental', template } }],
      shape: nothing,
      answer: resource(z.looseObject({ provisioningState: text, mode: z.literal('Incremental') })),
    },
    'Microsoft.Resources/deployments/whatIf': {
      ask: [`${templates}/d/whatIf`, { properties: { mode: 'Incremental', template } }],
      shape: nothing,
      answer: z.strictObject({
        status: text,
        properties: z.strictObject({ correlationId: text, changes: z.array(z.looseObject({ resourceId: text })) }),
      }),
    },
    'Microsoft.Resources/deployments/cancel': { ask: [`${templates}/d/cancel`], shape: nothing, answer: nothing },
    'Microsoft.Resources/deployments/operations': {
      list: `${templates}/d/operations`,
      shape: z.strictObject({ id: text, operationId: text, properties: anything }),
    },
    'Microsoft.Resources/deployments/operationStatuses': {
      item: `${templates}/d/operationStatuses/${at.deploymentOperationId}`,
      shape: z.looseObject({ status: text }),
    },
    'Microsoft.Resources/providers': {
      item: `${s}/providers/Microsoft.HybridCompute`,
      list: `${s}/providers`,
      shape: provider,
    },
    'Microsoft.HybridCompute/machines': { item: m, list: `${hybrid}/machines`, shape: 'published' },
    'Microsoft.HybridCompute/machines/extensions': { item: e, list: `${m}/extensions`, shape: 'published' },
    'Microsoft.HybridCompute/machines/extensions/cancel': { ask: [`${e}/cancel`], shape: nothing, answer: nothing },
    'Microsoft.HybridCompute/machines/upgradeExtensions': {
      ask: [`${m}/upgradeExtensions`, { extensionTargets: { 'Contoso.Scripts.Runner': {} } }],
      shape: nothing,
      answer: nothing,
    },
    'Microsoft.HybridCompute/machines/addExtensions': {
      ask: [`${m}/addExtensions`, { extensions: [{ publisher: 'Contoso.Scripts', type: 'Slow' }] }],
      shape: nothing,
      answer: z.strictObject({
        extensions: z.array(z.looseObject({ publisher: text, type: text, provisioningState: text })),
      }),
    },
    'Microsoft.HybridCompute/locations/operationStatus': {
      item: `${locations}/operationStatus/${at.operationId}`,
      shape: operation,
    },
    'Microsoft.HybridCompute/locations/operationResults': {
      item: `${locations}/operationResults/${at.operationId}`,
      shape: z.looseObject({ id: text, name: text, type: text, properties: anything }),
    },
    'Microsoft.HybridCompute/operations': {
      list: '/providers/Microsoft.HybridCompute/operations',
      shape: z.strictObject({
        name: text,
        origin: text,
        display: z.strictObject({ provider: text, resource: text, operation: text, description: text }),
      }),
    },
    'Microsoft.HybridCompute/licenses': {
      item: `${hybrid}/licenses/l`,
      list: `${hybrid}/licenses`,
      shape: 'published',
    },
    'Microsoft.HybridCompute/machines/licenseProfiles': {
      item: `${m}/licenseProfiles/default`,
      list: `${m}/licenseProfiles`,
      shape: 'published',
    },
    'Microsoft.HybridCompute/privateLinkScopes': {
      item: `${hybrid}/privateLinkScopes/p`,
      list: `${hybrid}/privateLinkScopes`,
      shape: 'published',
    },
    'Microsoft.HybridCompute/privateLinkScopes/privateEndpointConnections': {
      item: `${hybrid}/privateLinkScopes/p/privateEndpointConnections/c`,
      list: `${hybrid}/privateLinkScopes/p/privateEndpointConnections`,
      shape: 'published',
    },
    'Microsoft.HybridCompute/privateLinkScopes/privateLinkResources': {
      item: `${hybrid}/privateLinkScopes/p/privateLinkResources/hybridcompute`,
      list: `${hybrid}/privateLinkScopes/p/privateLinkResources`,
      shape: 'published',
    },
    'Microsoft.HybridCompute/locations/privateLinkScopes': {
      item: `${locations}/privateLinkScopes/${at.privateLinkScopeId}`,
      shape: z.strictObject({ id: text, publicNetworkAccess: text, connectionDetails: z.array(anything) }),
    },
    'Microsoft.HybridCompute/machines/privateLinkScopes': {
      item: `${m}/privateLinkScopes/current`,
      shape: z.strictObject({ id: text, publicNetworkAccess: text, connectionDetails: z.array(anything) }),
    },
    'Microsoft.HybridCompute/locations/publishers': {
      list: `${locations}/publishers`,
      shape: z.strictObject({ id: text, name: text }),
    },
    'Microsoft.HybridCompute/locations/publishers/extensionTypes': {
      list: `${locations}/publishers/Contoso.Scripts/extensionTypes`,
      shape: z.strictObject({ id: text, name: text }),
    },
    'Microsoft.HybridCompute/locations/publishers/extensionTypes/versions': {
      item: `${locations}/publishers/Contoso.Scripts/extensionTypes/Runner/versions/1.0.0`,
      list: `${locations}/publishers/Contoso.Scripts/extensionTypes/Runner/versions`,
      shape: 'published',
    },
    'Microsoft.GuestConfiguration/guestConfigurationAssignments': {
      item: `${m}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments/a`,
      list: `${m}/providers/Microsoft.GuestConfiguration/guestConfigurationAssignments`,
      shape: 'published',
    },
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
    'Microsoft.PolicyInsights/policyStates/queryResults': {
      ask: [`${insights}/policyStates/latest/queryResults`],
      shape: nothing,
      answer: z.strictObject({
        '@odata.context': text,
        '@odata.count': z.number(),
        '@odata.nextLink': optional(z.nullable(text)),
        value: z.array(z.looseObject({ resourceId: text, complianceState: text, policyAssignmentId: text })),
      }),
    },
    'Microsoft.PolicyInsights/policyStates/summarize': {
      ask: [`${insights}/policyStates/latest/summarize`],
      shape: nothing,
      answer: z.looseObject({
        '@odata.context': text,
        value: z.array(z.looseObject({ results: anything, policyAssignments: z.array(anything) })),
      }),
    },
    'Microsoft.PolicyInsights/policyStates/triggerEvaluation': {
      ask: [`${insights}/policyStates/latest/triggerEvaluation`],
      shape: nothing,
      answer: nothing,
    },
    'Microsoft.PolicyInsights/asyncOperationResults': {
      item: `${insights}/asyncOperationResults/any`,
      shape: z.strictObject({}),
    },
    'Microsoft.PolicyInsights/remediations': {
      item: `${insights}/remediations/r`,
      list: `${insights}/remediations`,
      shape: resource(z.looseObject({ policyAssignmentId: text, provisioningState: text }), { systemData }),
    },
    'Microsoft.PolicyInsights/remediations/listDeployments': {
      ask: [`${insights}/remediations/r/listDeployments`],
      shape: nothing,
      answer: z.looseObject({ value: z.array(anything) }),
    },
    'Microsoft.PolicyInsights/remediations/cancel': {
      ask: [`${insights}/remediations/r/cancel`],
      shape: nothing,
      answer: z.looseObject({ id: text, name: text, type: text }),
    },
    'Microsoft.Insights/eventtypes/values': {
      list: `${s}/providers/Microsoft.Insights/eventtypes/management/values`,
      shape: z.looseObject({
        id: text,
        eventDataId: text,
        correlationId: text,
        operationId: text,
        caller: text,
        level: text,
        eventTimestamp: time,
        submissionTimestamp: time,
        subscriptionId: text,
        tenantId: text,
        authorization: z.looseObject({ action: text, scope: text }),
        claims: tags,
        category: named,
        eventName: named,
        operationName: named,
        resourceProviderName: named,
        resourceType: named,
        status: named,
        subStatus: named,
        properties: optional(tags),
      }),
    },
    'Microsoft.Insights/eventcategories': {
      list: '/providers/Microsoft.Insights/eventcategories',
      shape: named,
    },
    'Sallyport.Identity/servicePrincipals': { item: principal, list: `${identity}/servicePrincipals`, shape: own },
    'Sallyport.Identity/servicePrincipals/certificates': {
      item: `${principal}/certificates/${at.certificate}`,
      list: `${principal}/certificates`,
      shape: own,
    },
    'Sallyport.Identity/servicePrincipals/federatedCredentials': {
      list: `${principal}/federatedCredentials`,
      shape: own,
    },
    'Sallyport.Identity/users/federatedCredentials': { list: `${user}/federatedCredentials`, shape: own },
    'Sallyport.Identity/users': { item: user, list: `${identity}/users`, shape: own },
    'Sallyport.Identity/users/resetPassword': { ask: [`${user}/resetPassword`], shape: nothing, answer: own },
    'Sallyport.Identity/users/endSessions': { ask: [`${user}/endSessions`], shape: nothing, answer: own },
    'Sallyport.Identity/servicePrincipals/rotateSecret': {
      ask: [`${identity}/servicePrincipals/${at.certificate}/rotateSecret`],
      shape: nothing,
      answer: own,
    },
    'Sallyport.Identity/signingKeys': { list: `${identity}/signingKeys`, shape: own },
    'Sallyport.Identity/rotateSigningKeys': {
      ask: [`${identity}/rotateSigningKeys`],
      shape: nothing,
      answer: anything,
    },
    'Sallyport.Identity/machineIdentity': {
      list: `${m}/providers/Sallyport.Identity/machineIdentity`,
      isWhole: true,
      shape: anything,
    },
    'Sallyport.Identity/releaseQuarantine': {
      ask: [`${m}/providers/Sallyport.Identity/releaseQuarantine`],
      shape: nothing,
      answer: anything,
    },
    'Sallyport.Explain/policyEditors': {
      list: `${s}/providers/Sallyport.Explain/policyEditors`,
      shape: z.looseObject({ principalId: text, roleName: text, can: z.array(anything) }),
    },
    'Sallyport.Explain/automaticUpgrades': {
      list: `${m}/providers/Sallyport.Explain/automaticUpgrades`,
      shape: z.looseObject({ extension: text, explanation: text }),
    },
    'Sallyport.Explain/operations': {
      list: `${m}/providers/Sallyport.Explain/operations`,
      shape: z.looseObject({ extension: text, state: text, message: text }),
    },
    'Sallyport.Explain/statements': {
      list: `${m}/providers/Sallyport.Explain/statements`,
      shape: z.looseObject({ statement: text, receivedAt: text }),
    },
    'Sallyport.Orders/orders': {
      list: `${m}/providers/Sallyport.Orders/orders`,
      shape: z.looseObject({ operationId: text, signatures: z.array(anything) }),
    },
    'Sallyport.Orders/orders/sign': {
      ask: [`${m}/providers/Sallyport.Orders/orders/none/sign`, { signer: 'A'.repeat(43), order: 'none' }],
      shape: nothing,
      answer: nothing,
    },
    'Sallyport.Upgrades/rolloutSettings': { item: `${upgrades}/rolloutSettings/default`, shape: own },
    'Sallyport.Upgrades/machineSettings': {
      item: `${m}/providers/Sallyport.Upgrades/machineSettings/default`,
      shape: own,
    },
    'Sallyport.Upgrades/rollouts': { list: `${upgrades}/rollouts`, shape: own },
    'Sallyport.Upgrades/rollouts/halt': { ask: [`${upgrades}/rollouts/none/halt`], shape: nothing, answer: nothing },
    'Sallyport.Upgrades/rollouts/resume': {
      ask: [`${upgrades}/rollouts/none/resume`],
      shape: nothing,
      answer: nothing,
    },
    ...Object.fromEntries(
      [
        'Microsoft.Resources',
        'Microsoft.HybridCompute',
        'Microsoft.GuestConfiguration',
        'Microsoft.Authorization',
        'Microsoft.PolicyInsights',
        'Microsoft.Insights',
        'Sallyport.Identity',
        'Sallyport.Explain',
        'Sallyport.Upgrades',
        'Sallyport.Orders',
      ].map((namespace) => [`${namespace}/register`, register(namespace)]),
    ),
  };
}
