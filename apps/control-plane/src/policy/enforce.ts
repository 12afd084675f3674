/** Holds a write against the policies that are assigned to its resource, before anything is done (S5.1, S5.3). */
import type { ArmRequest } from '../arm/arm-request.ts';
import type { Services } from '../services.ts';
import type { AssignedPolicy } from './assigned-policy.ts';
import { decideWrite, type Finding } from './decide-write.ts';
import { isObject, member, type Json, type JsonObject } from './json.ts';
import { disallowed } from './disallowed.ts';
import { policiesAt } from './stored/assigned-policies.ts';
import { surroundingsOf } from './surroundings.ts';

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
  services: Pick<Services, 'store' | 'environment'>,
  request: ArmRequest,
  type: string,
  indexed: boolean,
  shown: Json | undefined,
): Promise<Enforced> {
  const id = request.origin.resourceId;
  const sent = (request.body ?? {}) as Json;
  const policies = lookingAt(await policiesAt(services.store.read, id), request.method, sent);
  // What is no object is refused by the handler, in its own words.
  if (policies.length === 0 || !isObject(sent)) return { body: request.body, audited: [] };
  const before = contentOf(request.method, sent, shown);
  const name = request.id.providers.at(-1)?.names.join('/') ?? request.id.resourceGroup ?? '';
  const resource = { id, name, type, content: before };
  const { content, denied, audited } = decideWrite(
    resource,
    indexed,
    policies,
    await surroundingsOf(services, request.id, request.apiVersion),
  );
  if (denied.length > 0) throw disallowed(name, denied);
  return { body: withChanges(sent, before, content), audited };
}

/** A PATCH of nothing but tags is held against rules that look at tags: nothing else can have changed (arm-api §7.4). */
function lookingAt(policies: readonly AssignedPolicy[], method: string, sent: Json): readonly AssignedPolicy[] {
  const onlyTags = method === 'PATCH' && isObject(sent) && Object.keys(sent).every((name) => name === 'tags');
  return onlyTags ? policies.filter(({ definition }) => definition.looksAtTags) : policies;
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
