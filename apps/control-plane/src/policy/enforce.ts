/** Holds a write against the policies that are assigned to its resource, before anything is done (S5.1, S5.3). */
import { ArmError } from '../arm/arm-error.ts';
import type { ArmRequest } from '../arm/arm-request.ts';
import { readTags } from '../arm/tags.ts';
import type { Services } from '../services.ts';
import { decideWrite, type Finding, type Surroundings } from './decide-write.ts';
import { isObject, member, type Json, type JsonObject } from './json.ts';
import { policiesAt } from './stored/assigned-policies.ts';

export interface Enforced {
  /** The body as policy wants it written. */
  readonly body: unknown;
  /** What is to be put on record once the write has been done. */
  readonly audited: readonly Finding[];
}

/**
 * Throws {@link ArmError} `RequestDisallowedByPolicy` when a policy denies. `type` is in the spelling that is served, `shown` what
 * a GET shows now, if it is there; `indexed` whether the type has tags and a location of its own.
 */
export async function enforcePolicy(
  services: Services,
  request: ArmRequest,
  type: string,
  indexed: boolean,
  shown: Json | undefined,
): Promise<Enforced> {
  const id = request.origin.resourceId;
  const policies = await policiesAt(services.store.read, id);
  const sent = (request.body ?? {}) as Json;
  // What is no object is refused by the handler, in its own words.
  if (policies.length === 0 || !isObject(sent)) return { body: request.body, audited: [] };
  const before = contentOf(request.method, sent, shown);
  const name = request.id.providers.at(-1)?.names.join('/') ?? request.id.resourceGroup ?? '';
  const resource = { id, name, type, content: before };
  const { content, denied, audited } = decideWrite(resource, indexed, policies, await surroundings(services, request));
  if (denied.length > 0) throw disallowed(name, denied);
  return { body: withChanges(sent, before, content), audited };
}

/** What the resource would be: the body for a PUT, the body over what is there for a PATCH. Nothing protected is looked at (S1.7). */
function contentOf(method: string, sent: JsonObject, shown: Json | undefined): JsonObject {
  const { protectedSettings: _protected, ...properties } = objectIn(sent, 'properties');
  const body = { ...sent, properties };
  if (method !== 'PATCH' || !isObject(shown)) return body;
  return { ...shown, ...body, properties: { ...objectIn(shown, 'properties'), ...properties } };
}

function objectIn(object: JsonObject, name: string): JsonObject {
  const value = member(object, name);
  return isObject(value) ? value : {};
}

/** The body with what policy changed of the content, and with nothing else changed. */
function withChanges(sent: JsonObject, before: JsonObject, after: JsonObject): JsonObject {
  const changed = (was: JsonObject, is: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(is).filter(([name, value]) => JSON.stringify(was[name]) !== JSON.stringify(value)),
    );
  const properties = changed(objectIn(before, 'properties'), objectIn(after, 'properties'));
  const { properties: _whole, ...top } = changed(before, after);
  if (Object.keys(properties).length === 0) return { ...sent, ...top };
  return { ...sent, ...top, properties: { ...objectIn(sent, 'properties'), ...properties } };
}

async function surroundings(services: Services, { id, apiVersion }: ArmRequest): Promise<Surroundings> {
  const { store, environment } = services;
  const subscriptionId = id.subscriptionId ?? '';
  const group = await store.read
    .selectFrom('resource_groups')
    .selectAll()
    .where('subscription_id', '=', subscriptionId)
    .where('name_key', '=', (id.resourceGroup ?? '').toLowerCase())
    .executeTakeFirst();
  return {
    requestContext: { apiVersion },
    subscription: { id: `/subscriptions/${subscriptionId}`, subscriptionId, tags: {} },
    resourceGroup:
      group === undefined
        ? { name: id.resourceGroup ?? '', tags: {} }
        : {
            id: `/subscriptions/${subscriptionId}/resourceGroups/${group.name}`,
            name: group.name,
            location: group.location,
            tags: { ...readTags(group.tags) },
          },
    utcNow: new Date(environment.now()).toISOString(),
  };
}

function disallowed(name: string, denied: readonly Finding[]): ArmError {
  const identifiers = denied.map(({ policy }) => ({
    policyAssignment: { name: policy.assignmentDisplayName || policy.assignmentName, id: policy.assignmentId },
    policyDefinition: { name: policy.definition.displayName || policy.definitionId, id: policy.definitionId },
  }));
  const reasons = denied.flatMap(({ policy, because }) => [policy.nonComplianceMessage, because ?? '']);
  const why = reasons.filter((reason) => reason !== '').map((reason) => ` ${reason.replace(/\.?$/, '.')}`);
  return new ArmError(
    'RequestDisallowedByPolicy',
    `Resource '${name}' was disallowed by policy.${why.join('')} Policy identifiers: '${JSON.stringify(identifiers)}'.`,
    name,
    {
      additionalInfo: denied.map(({ policy, told }) => ({
        type: 'PolicyViolation',
        info: {
          policyDefinitionDisplayName: policy.definition.displayName,
          policyDefinitionId: policy.definitionId,
          policyDefinitionName: policy.definitionId.split('/').at(-1),
          policyDefinitionEffect: 'deny',
          policyAssignmentId: policy.assignmentId,
          policyAssignmentName: policy.assignmentName,
          policyAssignmentDisplayName: policy.assignmentDisplayName,
          policyAssignmentScope: policy.scope,
          policyAssignmentParameters: Object.fromEntries(
            Object.entries(policy.parameters).map(([parameter, value]) => [parameter, { value }]),
          ),
          policyExemptionIds: [],
          evaluationDetails: { evaluatedExpressions: told },
        },
      })),
    },
  );
}
