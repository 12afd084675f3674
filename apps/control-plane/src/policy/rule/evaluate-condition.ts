/** Whether a resource fulfils a condition, with what was compared on the way. Pure. */
import { evaluateValue, type ExpressionContext } from '../expression/evaluate.ts';
import { isList, type Json, written } from '../json.ts';
import { PolicyError } from '../policy-error.ts';
import type { Condition, Count } from './condition.ts';
import { readField, type Elements, type PolicyResource } from './field.ts';
import { operators } from './operators.ts';

/** One comparison, as `RequestDisallowedByPolicy` tells it (arm-api §7.4). */
export interface EvaluatedExpression {
  readonly result: 'True' | 'False';
  readonly expressionKind: 'Field' | 'Value' | 'Count';
  readonly expression: string;
  readonly path: string;
  readonly expressionValue: Json;
  readonly targetValue: Json;
  readonly operator: string;
}

export interface Evaluation {
  readonly resource: PolicyResource;
  /** The context of expressions outside of any `count`. */
  readonly context: Omit<ExpressionContext, 'field' | 'current'>;
}

interface Place extends Evaluation {
  readonly elements: Elements;
  /** Elements of `count.value`, by name, innermost last. */
  readonly named: readonly { readonly name: string; readonly value: Json }[];
  readonly told: EvaluatedExpression[];
}

/** Evaluates. Throws {@link PolicyError} when something in it has no value: the caller must not take that as fulfilled or not. */
export function evaluateCondition(
  condition: Condition,
  evaluation: Evaluation,
): { readonly fulfilled: boolean; readonly told: readonly EvaluatedExpression[] } {
  const told: EvaluatedExpression[] = [];
  const fulfilled = holds(condition, { ...evaluation, elements: new Map(), named: [], told });
  return { fulfilled, told };
}

/** The context of expressions that stand outside of any `count`. */
export function contextOf(evaluation: Evaluation): ExpressionContext {
  return expressionContext({ ...evaluation, elements: new Map(), named: [], told: [] });
}

function holds(condition: Condition, place: Place): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((one) => holds(one, place));
    case 'any':
      return condition.of.some((one) => holds(one, place));
    case 'not':
      return !holds(condition.of, place);
    case 'field': {
      const context = expressionContext(place);
      const field = evaluateValue(condition.field, context);
      if (typeof field !== 'string') throw new PolicyError('PolicyEvaluationFailed', 'The name of a field is a text.');
      const { values } = readField(place.resource, field, place.elements);
      const wanted = evaluateValue(condition.wanted, context);
      // A list fulfils what each of its elements fulfils.
      const result = values.every((value) => compare(condition.operator, value, wanted));
      tell(
        place,
        'Field',
        field,
        values.length === 1 ? values[0] : values.map((one) => one ?? null),
        wanted,
        condition.operator,
        result,
      );
      return result;
    }
    case 'value': {
      const context = expressionContext(place);
      const value = evaluateValue(condition.value, context);
      const wanted = evaluateValue(condition.wanted, context);
      const result = compare(condition.operator, value, wanted);
      tell(place, 'Value', written(condition.value), value, wanted, condition.operator, result);
      return result;
    }
    case 'count': {
      const counted = countOf(condition.count, place);
      const wanted = evaluateValue(condition.wanted, expressionContext(place));
      const result = compare(condition.operator, counted, wanted);
      const what = condition.count.kind === 'field' ? condition.count.field : condition.count.name;
      tell(place, 'Count', what, counted, wanted, condition.operator, result);
      return result;
    }
  }
}

function compare(operator: string, value: Json | undefined, wanted: Json): boolean {
  const test = operators[operator];
  if (test === undefined) throw new PolicyError('InvalidPolicyRule', `There is no operator '${operator}'.`);
  return test(value, wanted);
}

function countOf(count: Count, place: Place): number {
  const context = expressionContext(place);
  const { where } = count;
  // What is compared within is not told: it would be told once for each element.
  const quiet = { ...place, told: [] };
  if (count.kind === 'field') {
    const field = written(evaluateValue(count.field, context));
    const { values } = readField(place.resource, field, place.elements);
    const key = field.toLowerCase();
    return values.filter(
      (value) =>
        where === undefined || holds(where, { ...quiet, elements: new Map([...place.elements, [key, value ?? null]]) }),
    ).length;
  }
  const list = evaluateValue(count.value, context);
  if (!isList(list)) throw new PolicyError('PolicyEvaluationFailed', "'count.value' needs a list.");
  return list.filter(
    (value) => where === undefined || holds(where, { ...quiet, named: [...place.named, { name: count.name, value }] }),
  ).length;
}

function expressionContext(place: Place): ExpressionContext {
  return {
    ...place.context,
    field: (name) => {
      const { values, collection } = readField(place.resource, name, place.elements);
      return collection ? values.map((one) => one ?? null) : (values[0] ?? null);
    },
    current: (name) => {
      const named = name === undefined ? place.named.at(-1) : place.named.findLast((one) => one.name === name);
      if (named !== undefined) return named.value;
      if (name !== undefined && place.elements.size > 0)
        return readField(place.resource, name, place.elements).values[0] ?? null;
      const last = [...place.elements.values()].at(-1);
      if (name === undefined && last !== undefined) return last;
      throw new PolicyError('PolicyEvaluationFailed', `There is no count that 'current(${name ?? ''})' could mean.`);
    },
  };
}

function tell(
  place: Place,
  expressionKind: EvaluatedExpression['expressionKind'],
  expression: string,
  value: Json | undefined,
  targetValue: Json,
  operator: string,
  result: boolean,
): void {
  place.told.push({
    result: result ? 'True' : 'False',
    expressionKind,
    expression,
    path: expression,
    expressionValue: value ?? null,
    targetValue,
    operator,
  });
}
