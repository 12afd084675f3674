/** The conditions of a rule, parsed: what is not understood is refused when a definition is written, never ignored. */
import { checkExpression } from '../expression/evaluate.ts';
import { isExpression, parseExpression } from '../expression/parse.ts';
import { isList, isObject, type Json } from '../json.ts';
import { PolicyError } from '../policy-error.ts';
import { operators } from './operators.ts';

export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'field'; readonly field: string; readonly operator: string; readonly wanted: Json }
  | { readonly kind: 'value'; readonly value: Json; readonly operator: string; readonly wanted: Json }
  | { readonly kind: 'count'; readonly count: Count; readonly operator: string; readonly wanted: Json };

export type Count =
  | { readonly kind: 'field'; readonly field: string; readonly where: Condition | undefined }
  | { readonly kind: 'value'; readonly value: Json; readonly name: string; readonly where: Condition | undefined };

const deepest = 50;

function wrong(sentence: string): PolicyError {
  return new PolicyError('InvalidPolicyRule', sentence);
}

/** Parses a condition. Throws {@link PolicyError} `InvalidPolicyRule` that says what is not understood. */
export function parseCondition(json: Json | undefined, depth = 0): Condition {
  if (!isObject(json)) throw wrong(`A condition is an object, not '${JSON.stringify(json ?? null).slice(0, 100)}'.`);
  if (depth > deepest) throw wrong(`Conditions are nested deeper than ${deepest}.`);
  const members = new Map(Object.entries(json).map(([name, value]) => [name.toLowerCase(), value]));
  if (members.size !== Object.keys(json).length) throw wrong('A condition has the same member twice.');
  for (const [name, kind] of [
    ['allof', 'all'],
    ['anyof', 'any'],
  ] as const) {
    const of = members.get(name);
    if (of === undefined) continue;
    alone(members, name);
    if (!isList(of) || of.length === 0) throw wrong(`'${name}' needs a list of conditions.`);
    return { kind, of: of.map((one) => parseCondition(one, depth + 1)) };
  }
  const negated = members.get('not');
  if (negated !== undefined) {
    alone(members, 'not');
    return { kind: 'not', of: parseCondition(negated, depth + 1) };
  }
  const { operator, wanted } = operatorOf(members);
  checkTexts(wanted);
  const field = members.get('field');
  if (field !== undefined) {
    checkTexts(field);
    if (typeof field !== 'string' || field === '') throw wrong("'field' needs the name of a field.");
    return { kind: 'field', field, operator, wanted };
  }
  const count = members.get('count');
  if (count !== undefined) return { kind: 'count', count: parseCount(count, depth), operator, wanted };
  const value = members.get('value');
  if (value === undefined) throw wrong(`A condition has 'field', 'value', 'count', 'allOf', 'anyOf' or 'not'.`);
  checkTexts(value);
  return { kind: 'value', value, operator, wanted };
}

function alone(members: ReadonlyMap<string, Json>, name: string): void {
  if (members.size > 1)
    throw wrong(
      `'${name}' stands alone; there is '${[...members.keys()].find((one) => one !== name) ?? ''}' beside it.`,
    );
}

function operatorOf(members: ReadonlyMap<string, Json>): { readonly operator: string; readonly wanted: Json } {
  const found = [...members].filter(([name]) => !['field', 'value', 'count'].includes(name));
  const [first, second] = found;
  if (first === undefined) throw wrong('A condition has no operator.');
  if (!Object.hasOwn(operators, first[0])) throw wrong(`There is no operator '${first[0]}'.`);
  if (second !== undefined) throw wrong(`A condition has one operator, not '${first[0]}' and '${second[0]}'.`);
  if (members.size !== 2) throw wrong("A condition has one of 'field', 'value' and 'count'.");
  return { operator: first[0], wanted: first[1] };
}

function parseCount(json: Json, depth: number): Count {
  if (!isObject(json)) throw wrong("'count' is an object.");
  const known = ['field', 'value', 'name', 'where'];
  const unknown = Object.keys(json).find((name) => !known.includes(name));
  if (unknown !== undefined) throw wrong(`'count' has no '${unknown}'.`);
  const where = json['where'] === undefined ? undefined : parseCondition(json['where'], depth + 1);
  const { field, value, name } = json;
  if (typeof field === 'string' && value === undefined) {
    if (!isExpression(field) && !field.endsWith('[*]'))
      throw wrong(`'count' of a field needs a list such as 'alias[*]', not '${field}'.`);
    checkTexts(field);
    return { kind: 'field', field, where };
  }
  if (value === undefined || field !== undefined) throw wrong("'count' has 'field' or 'value'.");
  checkTexts(value);
  return { kind: 'value', value, name: typeof name === 'string' ? name : '', where };
}

/** Every expression in a value is one that can be read. */
export function checkTexts(value: Json): void {
  if (typeof value === 'string') {
    if (isExpression(value)) checkExpression(parseExpression(value));
  } else if (isList(value)) value.forEach(checkTexts);
  else if (isObject(value)) Object.values(value).forEach(checkTexts);
}
