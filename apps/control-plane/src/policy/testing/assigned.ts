/** Assigned policies and resources for tests of the language. */
import type { AssignedPolicy, Surroundings } from '../assigned-policy.ts';
import { parseDefinition } from '../definition.ts';
import type { Json, JsonObject } from '../json.ts';
import { resolveParameters } from '../parameters.ts';
import type { PolicyResource } from '../rule/field.ts';

export const subscriptionId = '/subscriptions/s';
export const groupId = `${subscriptionId}/resourceGroups/g`;
export const machineType = 'Microsoft.HybridCompute/machines';
export const extensionType = `${machineType}/extensions`;

export const surroundings: Surroundings = {
  requestContext: { apiVersion: '2024-07-10' },
  subscription: { id: subscriptionId, subscriptionId: 's', tags: { cost: '7' } },
  resourceGroup: { id: groupId, name: 'g', location: 'here', tags: { Team: 'blue' } },
  utcNow: '2026-11-25T00:00:00.000Z',
};

/** A definition in force, by default at the subscription. */
export function assigned(
  properties: JsonObject,
  parameters: JsonObject = {},
  more: Partial<AssignedPolicy> = {},
): AssignedPolicy {
  const definition = parseDefinition(properties);
  return {
    definition,
    definitionId: '/d',
    member: undefined,
    groupNames: [],
    assignmentId: '/a',
    assignmentName: 'a',
    assignmentDisplayName: 'A',
    scope: subscriptionId,
    notScopes: [],
    parameters: resolveParameters(definition.parameters, parameters, 'd'),
    enforced: true,
    nonComplianceMessage: '',
    resourceSelectors: [],
    overrides: [],
    exemptions: [],
    assignedAt: 0,
    identity: undefined,
    ...more,
  };
}

/** The properties of a definition with one rule. */
export function ruleOf(condition: Json, effect: string, details?: Json): JsonObject {
  return {
    mode: 'All',
    // oxlint-disable-next-line unicorn/no-thenable -- the policy language's own word
    policyRule: { if: condition, then: { effect, ...(details === undefined ? {} : { details }) } },
  };
}

/** A resource in the group of the surroundings; `name` may be one of several names, outermost first. */
export function resourceOf(type: string, name: string, content: JsonObject = {}): PolicyResource {
  const [namespace = '', ...types] = type.split('/');
  const names = name.split('/');
  const path = types.map((one, i) => `${one}/${names[i] ?? ''}`).join('/');
  return { id: `${groupId}/providers/${namespace}/${path}`, name, type, content };
}

/** A machine with properties as a GET shows them. */
export function machineOf(properties: JsonObject, content: JsonObject = {}): PolicyResource {
  return resourceOf(machineType, 'm', { location: 'eastus', tags: {}, ...content, properties });
}

/** An extension on that machine. */
export function extensionOf(
  publisher: string,
  type: string,
  more: JsonObject = {},
  name: string = type,
): PolicyResource {
  const properties = { publisher, type, provisioningState: 'Succeeded', ...more };
  return resourceOf(extensionType, `m/${name}`, { location: 'eastus', tags: {}, properties });
}
