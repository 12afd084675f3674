/**
 * What a deployment would change, before anything is written: each resource as whoever asks would write it, held against their roles and
 * against policy as the write would be. What cannot be told beforehand is told as that.
 */
import { formatResourceId, parseResourceId } from '@sallyport/model';
import { ArmError } from '../arm/arm-error.ts';
import type { ArmRequest } from '../arm/arm-request.ts';
import type { Dispatcher } from '../arm/dispatcher.ts';
import { canonicalId } from '../arm/origin-of.ts';
import { targetOf } from '../arm/target.ts';
import { enforcePolicy } from '../policy/enforce.ts';
import { ReferenceNeeded } from '../policy/expression/evaluate.ts';
import { isList, isObject, type Json, type JsonObject } from '../policy/json.ts';
import type { Services } from '../services.ts';
import type { PlannedResource } from './planned-resource.ts';
import { propertyChanges, type PropertyChange } from './property-changes.ts';
import { readAsDeployer, readIfThere } from './read-as-deployer.ts';
import type { PreparedDeployment, WantedDeployment } from './wanted-deployment.ts';

export interface PredictedChange {
  readonly resourceId: string;
  readonly changeType: 'Create' | 'Modify' | 'NoChange' | 'Unsupported';
  readonly unsupportedReason?: string;
  readonly before?: Json;
  readonly after?: Json;
  readonly delta?: readonly PropertyChange[];
}

const neverShown = 'protectedSettings';

/** Throws {@link ArmError} with the refusal that the deployment would meet. */
export async function predictChanges(
  services: Services,
  dispatcher: Dispatcher,
  wanted: WantedDeployment,
  { planned, scope }: PreparedDeployment,
  request: ArmRequest,
): Promise<readonly PredictedChange[]> {
  const secrets = secretTexts(scope.parameters, scope.secure);
  const read = new Map<string, Json>();
  const changes: PredictedChange[] = [];
  for (const resource of planned) {
    const body = await bodyBeforehand(dispatcher, wanted, resource, read);
    const resourceId = resource.id;
    if (body === undefined) {
      const unsupportedReason = 'It refers to what the deployment itself makes, and that cannot be read beforehand.';
      changes.push({ resourceId, changeType: 'Unsupported', unsupportedReason });
      continue;
    }
    const before = await readIfThere(dispatcher, wanted, resourceId, resource.apiVersion);
    const sent = masked(await judged(services, dispatcher, resource, body, request), secrets);
    if (!isObject(sent)) continue;
    const names = { id: resourceId, type: resource.type, name: resourceId.split('/').at(-1) ?? '' };
    const after = { ...names, apiVersion: resource.apiVersion, ...sent };
    if (!isObject(before)) {
      changes.push({ resourceId, changeType: 'Create', after });
      continue;
    }
    const delta = propertyChanges(before, sent);
    changes.push({ resourceId, changeType: delta.length === 0 ? 'NoChange' : 'Modify', before, after, delta });
  }
  return changes;
}

/** What would be sent, as far as it can be known: undefined when it refers to something that is not there yet. */
async function bodyBeforehand(
  dispatcher: Dispatcher,
  wanted: WantedDeployment,
  resource: PlannedResource,
  read: Map<string, Json>,
): Promise<JsonObject | undefined> {
  for (;;) {
    try {
      return resource.body(read);
    } catch (error) {
      if (!(error instanceof ReferenceNeeded)) throw error;
      if (read.has(error.id.toLowerCase())) throw error;
      try {
        read.set(error.id.toLowerCase(), await readAsDeployer(dispatcher, wanted, error.id));
      } catch (missing) {
        if (missing instanceof ArmError && missing.status === 404) return undefined;
        throw missing;
      }
    }
  }
}

/** The body as policy would have it written. Throws {@link ArmError} where roles or policy would refuse the write. */
async function judged(
  services: Services,
  { registry }: Dispatcher,
  { id, apiVersion }: PlannedResource,
  body: JsonObject,
  request: ArmRequest,
): Promise<Json> {
  const target = targetOf(id);
  const parsed = parseResourceId(id);
  if (target === undefined || parsed === undefined) return body;
  const row = registry.typeOf(target);
  const resourceId = formatResourceId(canonicalId(parsed, row.type));
  request.access.require(`${row.type}/write`, resourceId);
  if (row.policy === undefined) return body;
  const origin = { ...request.origin, resourceId };
  const write: ArmRequest = { ...request, method: 'PUT', id: parsed, apiVersion, body, origin };
  return (await enforcePolicy(services, write, row.type, row.policy === 'indexed', undefined)).body as Json;
}

function secretTexts(
  parameters: JsonObject | Readonly<Record<string, Json>>,
  secure: ReadonlySet<string>,
): readonly string[] {
  const texts = (value: Json): readonly string[] => {
    if (typeof value === 'string') return value === '' ? [] : [value];
    if (isList(value)) return value.flatMap(texts);
    return isObject(value) ? Object.values(value).flatMap(texts) : [];
  };
  return Object.entries(parameters).flatMap(([name, value]) => (secure.has(name.toLowerCase()) ? texts(value) : []));
}

/** Without what nobody is to see: protected settings, and whatever a secure parameter went into (S1.7). */
function masked(value: Json, secrets: readonly string[]): Json {
  if (typeof value === 'string') return secrets.some((secret) => value.includes(secret)) ? '*******' : value;
  if (isList(value)) return value.map((one) => masked(one, secrets));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, one]) =>
      name.toLowerCase() === neverShown.toLowerCase() ? [] : [[name, masked(one, secrets)]],
    ),
  );
}
