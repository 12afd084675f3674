import * as z from 'zod/mini';
import { registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { anything, nothing, optional, text, time } from './shapes.ts';

const operation = z.strictObject({
  id: text,
  name: text,
  status: text,
  startTime: time,
  endTime: optional(time),
  error: optional(anything),
});

/** Machines, extensions and what belongs to them. */
export function hybridComputeRoutes(at: Places): Routes {
  const hybrid = `${at.group}/providers/Microsoft.HybridCompute`;
  const locations = `${at.subscription}/providers/Microsoft.HybridCompute/locations/here`;
  return {
    'Microsoft.HybridCompute/machines': { item: at.machine, list: `${hybrid}/machines`, shape: 'published' },
    'Microsoft.HybridCompute/machines/extensions': {
      item: at.extension,
      list: `${at.machine}/extensions`,
      shape: 'published',
    },
    'Microsoft.HybridCompute/machines/extensions/cancel': {
      ask: [`${at.extension}/cancel`],
      shape: nothing,
      answer: nothing,
    },
    'Microsoft.HybridCompute/machines/upgradeExtensions': {
      ask: [`${at.machine}/upgradeExtensions`, { extensionTargets: { 'Contoso.Scripts.Runner': {} } }],
      shape: nothing,
      answer: nothing,
    },
    'Microsoft.HybridCompute/machines/addExtensions': {
      ask: [`${at.machine}/addExtensions`, { extensions: [{ publisher: 'Contoso.Scripts', type: 'Slow' }] }],
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
      item: `${at.machine}/licenseProfiles/default`,
      list: `${at.machine}/licenseProfiles`,
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
      item: `${at.machine}/privateLinkScopes/current`,
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
    'Microsoft.HybridCompute/register': registration(at, 'Microsoft.HybridCompute'),
  };
}
