import * as z from 'zod/mini';
import { provider, registration } from './registration.ts';
import type { Places, Routes } from './route.ts';
import { anything, nothing, optional, resource, tags, text, time } from './shapes.ts';

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
const deployment = resource(
  z.looseObject({ provisioningState: text, correlationId: text, timestamp: time, mode: z.literal('Incremental') }),
  { location: optional(text), tags: optional(tags) },
);

/** Subscriptions, groups, tags, deployments and providers. */
export function resourcesRoutes(at: Places): Routes {
  const templates = `${at.group}/providers/Microsoft.Resources/deployments`;
  const template = { $schema: 'https://example.org/t.json#', contentVersion: '1.0.0.0', resources: [] };
  return {
    'Microsoft.Resources/subscriptions': { item: at.subscription, list: '/subscriptions', shape: subscription },
    'Microsoft.Resources/tenants': {
      list: '/tenants',
      shape: z.looseObject({ id: text, tenantId: text, displayName: text }),
    },
    'Microsoft.Resources/locations': {
      list: `${at.subscription}/locations`,
      shape: z.looseObject({ id: text, name: text, displayName: text, metadata: z.looseObject({ regionType: text }) }),
    },
    'Microsoft.Resources/subscriptions/resourceGroups': {
      item: at.group,
      list: `${at.subscription}/resourceGroups`,
      shape: resourceGroup,
    },
    'Microsoft.Resources/resources': { list: `${at.subscription}/resources`, shape: tracked },
    'Microsoft.Resources/tags': {
      item: `${at.machine}/providers/Microsoft.Resources/tags/default`,
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
      item: `${at.subscription}/providers/Microsoft.HybridCompute`,
      list: `${at.subscription}/providers`,
      shape: provider,
    },
    'Microsoft.Resources/register': registration(at, 'Microsoft.Resources'),
  };
}
