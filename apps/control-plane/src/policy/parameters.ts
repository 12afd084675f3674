/** Parameters of definitions: what they may be, and what they are for an assignment. */
import { isList, isObject, member, type Json, type JsonObject, written } from './json.ts';
import { PolicyError } from './policy-error.ts';

interface Parameter {
  readonly type: string;
  readonly allowed: readonly Json[] | undefined;
  readonly otherwise: Json | undefined;
}
export type Parameters = Readonly<Record<string, Parameter>>;

const types: Readonly<Record<string, (value: Json) => boolean>> = {
  string: (value) => typeof value === 'string',
  array: isList,
  object: isObject,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => typeof value === 'number' && Number.isInteger(value),
  float: (value) => typeof value === 'number',
  datetime: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
};

/** Throws {@link PolicyError} `InvalidPolicyParameters`. */
export function parseParameters(json: Json | undefined): Parameters {
  if (json === undefined || json === null) return {};
  if (!isObject(json)) throw new PolicyError('InvalidPolicyParameters', "'parameters' is an object.");
  return Object.fromEntries(
    Object.entries(json).map(([name, one]) => {
      const type = isObject(one) ? one['type'] : undefined;
      if (!isObject(one) || typeof type !== 'string' || !Object.hasOwn(types, type.toLowerCase()))
        throw new PolicyError(
          'InvalidPolicyParameters',
          `The parameter '${name}' needs a type: ${Object.keys(types).join(', ')}.`,
        );
      const { allowedValues: allowed, defaultValue: otherwise } = one as {
        readonly allowedValues?: Json;
        readonly defaultValue?: Json;
      };
      if (allowed !== undefined && !isList(allowed))
        throw new PolicyError('InvalidPolicyParameters', `'allowedValues' of the parameter '${name}' is a list.`);
      return [name, { type: type.toLowerCase(), allowed, otherwise }];
    }),
  );
}

/**
 * The value of every parameter: the given one, or its default. `what` names the definition in errors. Throws {@link PolicyError}
 * for one that is missing, unknown, of another type, or not allowed (arm-api §7.4 has the words).
 */
export function resolveParameters(parameters: Parameters, given: JsonObject, what: string): JsonObject {
  const unknown = Object.keys(given).find((name) => member(parameters as unknown as JsonObject, name) === undefined);
  if (unknown !== undefined)
    throw new PolicyError('InvalidPolicyParameters', `The policy definition '${what}' has no parameter '${unknown}'.`);
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { type, allowed, otherwise }]) => {
      const value = member(given, name) ?? otherwise;
      if (value === undefined)
        throw new PolicyError(
          'InvalidPolicyParameters',
          `The policy definition '${what}' needs a value for its parameter '${name}'.`,
        );
      if (types[type]?.(value) !== true)
        throw new PolicyError(
          'InvalidPolicyParameters',
          `The policy parameter '${name}' of '${what}' is of the type ${type}.`,
        );
      const elements = isList(value) && allowed !== undefined ? value : [value];
      const refused = elements.find((one) => allowed !== undefined && !allowed.some((other) => sameValue(one, other)));
      if (refused !== undefined)
        throw new PolicyError(
          'PolicyParameterValueNotAllowed',
          `The value '${written(refused)}' is not allowed for policy parameter '${name}' in policy definition '${what}'. The allowed values are '${(allowed ?? []).map(written).join(', ')}'.`,
        );
      return [name, value];
    }),
  );
}

function sameValue(a: Json, b: Json): boolean {
  if (typeof a === 'string' && typeof b === 'string') return a.toLowerCase() === b.toLowerCase();
  return JSON.stringify(a) === JSON.stringify(b);
}
