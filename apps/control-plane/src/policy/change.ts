/** `append` and `modify`: what a rule changes of a resource before it is written. Pure: gives a new content. */
import { evaluateValue, type ExpressionContext } from './expression/evaluate.ts';
import { isList, isObject, member, withMember, type Json, type JsonObject, written } from './json.ts';
import { PolicyError } from './policy-error.ts';
import { aliasPath, tagOf } from './rule/field.ts';

interface Operation {
  readonly operation: 'add' | 'addorreplace' | 'remove';
  readonly field: string;
  readonly value: Json | undefined;
}

/** The content after the operations of `modify` (`details.operations`), those whose own condition is not fulfilled left out. */
export function modified(
  type: string,
  content: JsonObject,
  details: Json | undefined,
  context: ExpressionContext,
): JsonObject {
  const operations = isObject(details) ? details['operations'] : undefined;
  if (!isList(operations))
    throw new PolicyError('InvalidPolicyRule', "The effect 'modify' needs 'details.operations'.");
  return operations.reduce<JsonObject>((changed, one) => {
    if (!isObject(one)) throw new PolicyError('InvalidPolicyRule', 'An operation of modify is an object.');
    const condition = one['condition'] === undefined ? true : evaluateValue(one['condition'], context);
    if (condition !== true && written(condition).toLowerCase() !== 'true') return changed;
    return apply(type, changed, readOperation(one, context));
  }, content);
}

/** The content after `append`: fields that are not there are added; one that is there with another value cannot be written. */
export function appended(
  type: string,
  content: JsonObject,
  details: Json | undefined,
  context: ExpressionContext,
): { readonly content: JsonObject; readonly conflict: string | undefined } {
  if (!isList(details))
    throw new PolicyError('InvalidPolicyRule', "The effect 'append' needs a list of 'field' and 'value'.");
  let changed = content;
  for (const one of details) {
    const { field, value } = readOperation({ operation: 'add', ...(isObject(one) ? one : {}) }, context);
    const there = read(type, changed, field);
    if (there === undefined || there === null || isList(there))
      changed = apply(type, changed, { operation: 'add', field, value });
    else if (JSON.stringify(there).toLowerCase() !== JSON.stringify(value ?? null).toLowerCase())
      return { content, conflict: field };
  }
  return { content: changed, conflict: undefined };
}

function readOperation(json: JsonObject, context: ExpressionContext): Operation {
  const operation = written(json['operation'] ?? '').toLowerCase();
  const field = evaluateValue(json['field'] ?? null, context);
  if (operation !== 'add' && operation !== 'addorreplace' && operation !== 'remove')
    throw new PolicyError('InvalidPolicyRule', `There is no operation '${operation}' of modify.`);
  if (typeof field !== 'string' || field === '')
    throw new PolicyError('InvalidPolicyRule', 'An operation needs a field.');
  return { operation, field, value: json['value'] === undefined ? undefined : evaluateValue(json['value'], context) };
}

function apply(type: string, content: JsonObject, { operation, field, value }: Operation): JsonObject {
  const there = read(type, content, field);
  if (operation === 'remove') return write(type, content, field, undefined);
  if (operation === 'add' && isList(there))
    return write(type, content, field, [...there, ...(isList(value) ? value : [value ?? null])]);
  if (operation === 'add' && there !== undefined && there !== null) return content;
  return write(type, content, field, value ?? null);
}

function place(type: string, field: string): readonly string[] {
  const tag = tagOf(field);
  if (tag !== undefined) return ['tags', tag];
  if (['location', 'tags', 'kind'].includes(field.toLowerCase())) return [field.toLowerCase()];
  const path = aliasPath(field, type);
  if (path === undefined)
    throw new PolicyError('PolicyEvaluationFailed', `'${field}' is no field of '${type}' that a policy can write.`);
  return ['properties', ...path.replace(/\[\*\]$/, '').split('.')];
}

function read(type: string, content: JsonObject, field: string): Json | undefined {
  let value: Json | undefined = content;
  for (const name of place(type, field)) value = isObject(value) ? member(value, name) : undefined;
  return value;
}

function write(type: string, content: JsonObject, field: string, value: Json | undefined): JsonObject {
  const set = (object: JsonObject, [name = '', ...rest]: readonly string[]): JsonObject => {
    if (rest.length === 0) return withMember(object, name, value);
    const below = member(object, name);
    return withMember(object, name, set(isObject(below) ? below : {}, rest));
  };
  return set(content, place(type, field));
}
