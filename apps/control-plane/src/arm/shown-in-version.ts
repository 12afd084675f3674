/** What an api-version knows of a resource: clients that were made for it are shown nothing that came later (arm-api §6.1). Pure. */
import type { ArmResponse } from './arm-request.ts';
import type { ResourceType } from './resource-type.ts';

/** The answer, for one resource or for a list of them, less the properties that were introduced after the api-version. */
export function shownInVersion({ introduced }: ResourceType, apiVersion: string, answer: ArmResponse): ArmResponse {
  const later = Object.entries(introduced ?? {}).flatMap(([since, names]) => (since > apiVersion ? names : []));
  const { body } = answer;
  if (later.length === 0 || !isObject(body)) return answer;
  const { value } = body;
  const shown = Array.isArray(value)
    ? { ...body, value: value.map((one) => without(one, later)) }
    : without(body, later);
  return { ...answer, body: shown };
}

function without(resource: unknown, names: readonly string[]): unknown {
  if (!isObject(resource) || !isObject(resource['properties'])) return resource;
  const properties = Object.entries(resource['properties']).filter(([name]) => !names.includes(name));
  return { ...resource, properties: Object.fromEntries(properties) };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
