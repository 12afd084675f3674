/** From a template and its parameters to the resources that are to be written, in an order that their dependencies allow. Pure. */
import { isList, isObject, member, type Json, type JsonObject, written } from '../policy/json.ts';
import { TemplateError } from './template-error.ts';
import { resourceIdOf } from './template-ids.ts';
import type { DeploymentPlace, TemplateScope } from './template-values.ts';
import type { Template, TemplateResource } from './template.ts';

export interface PlannedResource {
  readonly id: string;
  readonly type: string;
  readonly apiVersion: string;
  /** Ids of those that have to be there before. */
  readonly after: readonly string[];
  /** What is sent. Throws `ReferenceNeeded` while something it refers to has not been read. */
  body(read: ReadonlyMap<string, Json>): JsonObject;
}

/** Most resources of one deployment, as ARM has it. */
const mostResources = 800;
const notSent = new Set([
  'type',
  'name',
  'apiversion',
  'dependson',
  'condition',
  'copy',
  'comments',
  'scope',
  'resources',
]);

interface Placed {
  readonly resource: TemplateResource;
  readonly id: string;
  readonly name: string;
  readonly copy: ReadonlyMap<string, number>;
}

/** Throws {@link TemplateError}: for what cannot be read, two of one id, dependencies on what is not there or in a circle. */
export function planResources(
  template: Template,
  scope: TemplateScope,
  place: DeploymentPlace,
): readonly PlannedResource[] {
  const placed = template.resources.flatMap((resource) => placesOf(resource, scope, place));
  if (placed.length > mostResources)
    throw new TemplateError(`A deployment has at most ${mostResources} resources; this one has ${placed.length}.`);
  const ids = new Set(placed.map(({ id }) => id.toLowerCase()));
  if (ids.size !== placed.length) throw new TemplateError('The template has the same resource twice.');
  const planned = placed.map(({ resource, id, copy, name }): PlannedResource => ({
    id,
    type: resource.type,
    apiVersion: written(scope.evaluate(resource.apiVersion)),
    after: dependencies(resource, scope, copy, placed),
    body: (read) => bodyOf(resource, name, (value) => scope.evaluate(value, read, copy)),
  }));
  refuseCircles(planned);
  return planned;
}

function placesOf(resource: TemplateResource, scope: TemplateScope, place: DeploymentPlace): readonly Placed[] {
  const loop = member(resource.whole, 'copy');
  if (loop === undefined) return placeOf(resource, scope, place, new Map());
  const name = isObject(loop) ? written(loop['name'] ?? '').toLowerCase() : '';
  const count = isObject(loop) ? scope.evaluate(loop['count'] ?? null) : null;
  if (typeof count !== 'number' || count < 0 || count > mostResources)
    throw new TemplateError(`The copy '${name}' needs a count from 0 to ${mostResources}.`);
  return Array.from({ length: count }, (_, i) => placeOf(resource, scope, place, new Map([[name, i]]))).flat();
}

function placeOf(
  resource: TemplateResource,
  scope: TemplateScope,
  place: DeploymentPlace,
  copy: ReadonlyMap<string, number>,
): readonly Placed[] {
  const condition = scope.evaluate(member(resource.whole, 'condition') ?? true, undefined, copy);
  if (written(condition).toLowerCase() !== 'true') return [];
  const own = written(scope.evaluate(resource.name, undefined, copy));
  const parents: string[] = [];
  for (let at = resource.parent; at !== undefined; at = at.parent)
    parents.unshift(written(scope.evaluate(at.name, undefined, copy)));
  // A nested resource may repeat its parent's name or not.
  const name = parents.length === 0 || own.includes('/') ? own : [...parents, own].join('/');
  const valueOf = (key: string): string | undefined => {
    const value = member(resource.whole, key);
    return value === undefined ? undefined : written(scope.evaluate(value, undefined, copy));
  };
  const nested = resource.type.toLowerCase() === 'microsoft.resources/deployments';
  const subscription = `/subscriptions/${(nested ? valueOf('subscriptionId') : undefined) ?? place.subscriptionId}`;
  const group = nested
    ? (valueOf('resourceGroup') ?? (valueOf('subscriptionId') === undefined ? place.resourceGroup : undefined))
    : place.resourceGroup;
  const standard = group === undefined ? subscription : `${subscription}/resourceGroups/${group}`;
  const on = valueOf('scope');
  const root = on === undefined ? standard : on.startsWith('/') ? on.replace(/\/$/, '') : `${standard}/providers/${on}`;
  return [{ resource, name, copy, id: resourceIdOf(root, resource.type, name.split('/')) }];
}

function dependencies(
  resource: TemplateResource,
  scope: TemplateScope,
  copy: ReadonlyMap<string, number>,
  placed: readonly Placed[],
): readonly string[] {
  const list = member(resource.whole, 'dependsOn') ?? [];
  if (!isList(list)) throw new TemplateError("'dependsOn' is a list.");
  return list.flatMap((one) => {
    const wanted = written(scope.evaluate(one, undefined, copy)).toLowerCase();
    const found = placed.filter((other) => {
      const loop = member(other.resource.whole, 'copy');
      const loopName = isObject(loop) ? written(loop['name'] ?? '').toLowerCase() : undefined;
      const name = other.name.toLowerCase();
      const forms = [other.id.toLowerCase(), name, `${other.resource.type.toLowerCase()}/${name}`, loopName];
      return forms.includes(wanted);
    });
    // What is left out by its condition is not waited for; what the template never had is a mistake that ARM refuses too.
    return found.map(({ id }) => id);
  });
}

function bodyOf(resource: TemplateResource, name: string, evaluate: (value: Json) => Json): JsonObject {
  const nested = resource.type.toLowerCase() === 'microsoft.resources/deployments';
  return Object.fromEntries(
    Object.entries(resource.whole).flatMap(([key, value]) => {
      if (notSent.has(key.toLowerCase())) return [];
      if (nested && ['resourcegroup', 'subscriptionid'].includes(key.toLowerCase())) return [];
      if (nested && key.toLowerCase() === 'properties') return [[key, nestedProperties(value, name, evaluate)]];
      return [[key, evaluate(value)]];
    }),
  );
}

/** A template within a template is evaluated by itself where it says so (`scope: inner`), and as part of the outer one otherwise. */
function nestedProperties(properties: Json, name: string, evaluate: (value: Json) => Json): Json {
  if (!isObject(properties)) throw new TemplateError(`The deployment '${name}' needs properties.`);
  const options = properties['expressionEvaluationOptions'];
  const inner = isObject(options) && written(options['scope'] ?? '').toLowerCase() === 'inner';
  return Object.fromEntries(
    Object.entries(properties).map(([key, value]) => [key, inner && key === 'template' ? value : evaluate(value)]),
  );
}

function refuseCircles(planned: readonly PlannedResource[]): void {
  const done = new Set<string>();
  let rest = planned;
  while (rest.length > 0) {
    const ready = rest.filter(({ after }) => after.every((id) => done.has(id.toLowerCase())));
    if (ready.length === 0)
      throw new TemplateError(
        `These depend on each other in a circle: ${rest
          .map(({ id }) => id)
          .join(', ')
          .slice(0, 500)}.`,
      );
    for (const { id } of ready) done.add(id.toLowerCase());
    rest = rest.filter((one) => !ready.includes(one));
  }
}
