/** Values of a template: its parameters, its variables, and the functions that templates have beside those of policy rules. Pure. */
import type { ExpressionContext } from '../policy/expression/evaluate.ts';
import { evaluateValue, ReferenceNeeded } from '../policy/expression/evaluate.ts';
import { isObject, member, type Json, type JsonObject, written } from '../policy/json.ts';
import { TemplateError } from './template-error.ts';
import { resourceIdOf } from './template-ids.ts';
import type { Template } from './template.ts';

/** Where a deployment stands and what it is called. */
export interface DeploymentPlace {
  readonly subscriptionId: string;
  /** Undefined at a subscription. */
  readonly resourceGroup: string | undefined;
  readonly name: string;
  readonly subscription: Json;
  readonly group: Json;
  readonly tenantId: string;
  readonly utcNow: string;
  /** What `newGuid()` gives, in turn. */
  newGuid(): string;
}

export interface TemplateScope {
  /** Evaluates a value of the template. `read` are resources by id, for `reference`; `copy` the indices of enclosing loops. */
  evaluate(value: Json, read?: ReadonlyMap<string, Json>, copy?: ReadonlyMap<string, number>): Json;
  readonly parameters: JsonObject;
  /** Names of parameters that are secret, in lower case. */
  readonly secure: ReadonlySet<string>;
}

const kinds: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  securestring: (value) => typeof value === 'string',
  int: (value) => typeof value === 'number' && Number.isInteger(value),
  bool: (value) => typeof value === 'boolean',
  object: isObject,
  secureobject: isObject,
  array: (value) => Array.isArray(value),
};

/** The scope of a template with the parameters that were given (`{"name":{"value":…}}`). Throws {@link TemplateError}. */
export function templateScope(template: Template, given: JsonObject, place: DeploymentPlace): TemplateScope {
  const secure = new Set<string>();
  const parameters: Record<string, Json> = {};
  const variables = new Map<string, Json>();
  const evaluating = new Set<string>();

  const evaluate: TemplateScope['evaluate'] = (value, read = new Map(), copy = new Map()) =>
    evaluateValue(value, context(read, copy));

  function context(read: ReadonlyMap<string, Json>, copy: ReadonlyMap<string, number>): ExpressionContext {
    return {
      parameter: (name) => {
        const value = member(parameters, name);
        if (value === undefined) throw new TemplateError(`The template has no parameter '${name}'.`);
        return value;
      },
      field: () => nowhere('field'),
      current: () => nowhere('current'),
      requestContext: null,
      policy: null,
      subscription: place.subscription,
      resourceGroup: place.group,
      utcNow: place.utcNow,
      more: templateFunctions(place, (name) => variable(name, read, copy), read, copy),
    };
  }

  function variable(name: string, read: ReadonlyMap<string, Json>, copy: ReadonlyMap<string, number>): Json {
    const key = name.toLowerCase();
    const known = variables.get(key);
    if (known !== undefined) return known;
    const raw = member(template.variables, name);
    if (raw === undefined) throw new TemplateError(`The template has no variable '${name}'.`);
    if (evaluating.has(key)) throw new TemplateError(`The variable '${name}' needs itself.`);
    evaluating.add(key);
    try {
      const value = evaluate(raw, read, copy);
      variables.set(key, value);
      return value;
    } finally {
      evaluating.delete(key);
    }
  }

  const unknown = Object.keys(given).find((name) => member(template.parameters, name) === undefined);
  if (unknown !== undefined) throw new TemplateError(`The template has no parameter '${unknown}'.`);
  for (const [name, described] of Object.entries(template.parameters)) {
    const type = isObject(described) ? written(described['type'] ?? '').toLowerCase() : '';
    const check = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
    if (!isObject(described) || check === undefined)
      throw new TemplateError(
        `The parameter '${name}' is of no type that templates have: ${Object.keys(kinds).join(', ')}.`,
      );
    if (type.startsWith('secure')) secure.add(name.toLowerCase());
    const one = member(given, name);
    if (isObject(one) && one['value'] === undefined)
      throw new TemplateError(`The parameter '${name}' needs a 'value'; references to key vaults are not followed.`);
    const otherwise = described['defaultValue'];
    const value = isObject(one) ? one['value'] : otherwise === undefined ? undefined : evaluate(otherwise);
    if (value === undefined) throw new TemplateError(`The template needs a value for its parameter '${name}'.`);
    if (!check(value)) throw new TemplateError(`The parameter '${name}' is of the type ${type}.`);
    const allowed = described['allowedValues'];
    if (Array.isArray(allowed) && !allowed.some((other) => JSON.stringify(other) === JSON.stringify(value)))
      throw new TemplateError(`The parameter '${name}' has none of the values that it may have.`);
    parameters[name] = value;
  }
  return { evaluate, parameters, secure };
}

function nowhere(name: string): never {
  throw new TemplateError(`The function '${name}' is one of policy rules and not of templates.`);
}

function templateFunctions(
  place: DeploymentPlace,
  variable: (name: string) => Json,
  read: ReadonlyMap<string, Json>,
  copy: ReadonlyMap<string, number>,
): NonNullable<ExpressionContext['more']> {
  const subscription = `/subscriptions/${place.subscriptionId}`;
  const root =
    place.resourceGroup === undefined ? subscription : `${subscription}/resourceGroups/${place.resourceGroup}`;
  return {
    variables: ([name]) => variable(written(name)),
    deployment: () => ({ name: place.name, properties: { provisioningState: 'Running' } }),
    tenant: () => ({ tenantId: place.tenantId }),
    newguid: () => place.newGuid(),
    resourceid: (args) => {
      const texts = args.map(written);
      const at = texts.findIndex((text) => text.includes('/'));
      // Before the type may stand a subscription and a group.
      const before = texts.slice(0, at);
      const subscriptionId = before.length > 1 ? before[0] : place.subscriptionId;
      const group = before.at(-1) ?? place.resourceGroup;
      if (at === -1 || group === undefined) throw new TemplateError("'resourceId' needs a type, within a group.");
      return resourceIdOf(
        `/subscriptions/${subscriptionId ?? ''}/resourceGroups/${group}`,
        texts[at] ?? '',
        texts.slice(at + 1),
      );
    },
    subscriptionresourceid: (args) => {
      const texts = args.map(written);
      const at = texts.findIndex((text) => text.includes('/'));
      const scope = at > 0 ? `/subscriptions/${texts[0] ?? ''}` : subscription;
      return resourceIdOf(scope, texts[at] ?? '', texts.slice(at + 1));
    },
    tenantresourceid: ([type, ...names]) => resourceIdOf('', written(type), names.map(written)),
    extensionresourceid: ([scope, type, ...names]) => resourceIdOf(written(scope), written(type), names.map(written)),
    copyindex: (args) => {
      const [first, second] = args;
      const name = typeof first === 'string' ? first : undefined;
      const offset = typeof first === 'number' ? first : typeof second === 'number' ? second : 0;
      const index = name === undefined ? [...copy.values()].at(-1) : copy.get(name.toLowerCase());
      if (index === undefined) throw new TemplateError(`'copyIndex(${name ?? ''})' is in no loop of that name.`);
      return index + offset;
    },
    reference: ([what, _version, full]) => {
      const text = written(what);
      const id = text.startsWith('/') ? text : `${root}/${text}`;
      const found = read.get(id.toLowerCase());
      if (found === undefined) throw new ReferenceNeeded(id);
      if (written(full ?? '').toLowerCase() === 'full') return found;
      return isObject(found) ? (found['properties'] ?? {}) : {};
    },
    listkeys: () => {
      throw new TemplateError("'listKeys' is not possible: there is nothing here that hands out keys.");
    },
  };
}
