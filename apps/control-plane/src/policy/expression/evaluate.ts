/** Evaluates expressions. What they read of the world comes in through the context; they never reach out (pure). */
import { messageOf } from '@sallyport/model';
import { isList, isObject, member, type Json, written } from '../json.ts';
import { PolicyError } from '../policy-error.ts';
import { pureFunctions } from './functions.ts';
import { isExpression, parseExpression, type Expression } from './parse.ts';

/** What an expression can ask for, beside its own arguments. */
export interface ExpressionContext {
  parameter(name: string): Json;
  /** The value of a field of the resource; null when it has none. */
  field(name: string): Json;
  /** The element that a `count` is at; without a name the innermost. */
  current(name: string | undefined): Json;
  readonly requestContext: Json;
  readonly policy: Json;
  readonly subscription: Json;
  readonly resourceGroup: Json;
  /** ISO 8601. */
  readonly utcNow: string;
  /** Functions beside those of policy rules, by name in lower case: what templates have. They come before others. */
  readonly more?: Readonly<Record<string, (args: readonly Json[]) => Json>>;
}

const contextFunctions: Readonly<
  Record<
    string,
    {
      readonly least: number;
      readonly most: number;
      readonly call: (context: ExpressionContext, args: readonly Json[]) => Json;
    }
  >
> = {
  parameters: { least: 1, most: 1, call: (context, [name]) => context.parameter(written(name)) },
  field: { least: 1, most: 1, call: (context, [name]) => context.field(written(name)) },
  current: {
    least: 0,
    most: 1,
    call: (context, [name]) => context.current(name === undefined ? undefined : written(name)),
  },
  requestcontext: { least: 0, most: 0, call: (context) => context.requestContext },
  policy: { least: 0, most: 0, call: (context) => context.policy },
  subscription: { least: 0, most: 0, call: (context) => context.subscription },
  resourcegroup: { least: 0, most: 0, call: (context) => context.resourceGroup },
  utcnow: { least: 0, most: 1, call: (context) => context.utcNow },
};

/** Throws {@link PolicyError} `InvalidPolicyRule` for a function that is unknown or has the wrong number of arguments. */
export function checkExpression(expression: Expression): void {
  if (expression.kind === 'literal') return;
  if (expression.kind === 'member') {
    checkExpression(expression.of);
    checkExpression(expression.index);
    return;
  }
  const { name, args } = expression;
  const found = Object.hasOwn(contextFunctions, name)
    ? contextFunctions[name]
    : Object.hasOwn(pureFunctions, name)
      ? pureFunctions[name]
      : undefined;
  if (found === undefined)
    throw new PolicyError('InvalidPolicyRule', `There is no function '${name}' in policy rules.`);
  if (args.length < found.least || args.length > found.most)
    throw new PolicyError('InvalidPolicyRule', `The function '${name}' does not take ${args.length} arguments.`);
  args.forEach(checkExpression);
}

/** The value of an expression. Throws {@link PolicyError}: a rule that cannot be evaluated is never taken as fulfilled or not. */
export function evaluateExpression(expression: Expression, context: ExpressionContext): Json {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'member':
      return memberOf(evaluateExpression(expression.of, context), evaluateExpression(expression.index, context));
    case 'call':
      return call(expression, context);
  }
}

function call({ name, args }: Extract<Expression, { kind: 'call' }>, context: ExpressionContext): Json {
  // Only the branch that is taken: the other may not be possible.
  if (name === 'if') {
    const [condition, then, otherwise] = args;
    if (condition === undefined || then === undefined || otherwise === undefined)
      throw new PolicyError('InvalidPolicyRule', "The function 'if' takes three arguments.");
    const decided = pureFunctions['bool']?.call([evaluateExpression(condition, context)]) === true;
    return evaluateExpression(decided ? then : otherwise, context);
  }
  const values = args.map((one) => evaluateExpression(one, context));
  try {
    if (context.more !== undefined && Object.hasOwn(context.more, name)) return context.more[name]?.(values) ?? null;
    const found = Object.hasOwn(contextFunctions, name) ? contextFunctions[name] : undefined;
    if (found !== undefined) return found.call(context, values);
    const pure = Object.hasOwn(pureFunctions, name) ? pureFunctions[name] : undefined;
    if (pure === undefined) throw new PolicyError('InvalidPolicyRule', `There is no function '${name}' here.`);
    if (values.length < pure.least || values.length > pure.most)
      throw new PolicyError('InvalidPolicyRule', `The function '${name}' does not take ${values.length} arguments.`);
    return pure.call(values);
  } catch (error) {
    if (error instanceof PolicyError || error instanceof ReferenceNeeded) throw error;
    throw new PolicyError('PolicyEvaluationFailed', `The function '${name}' failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

function memberOf(of: Json, index: Json): Json {
  if (isObject(of) && typeof index === 'string') return member(of, index) ?? null;
  if (isList(of) && typeof index === 'number') return of[index] ?? null;
  throw new PolicyError(
    'PolicyEvaluationFailed',
    `There is no '${written(index)}' in '${JSON.stringify(of).slice(0, 100)}'.`,
  );
}

/** Thrown by a function that needs a resource which nobody has read yet: it is read, and the evaluation begins again. */
export class ReferenceNeeded extends Error {
  override readonly name = 'ReferenceNeeded';
  readonly id: string;
  constructor(id: string) {
    super(`'${id}' has to be read first.`);
    this.id = id;
  }
}

/** Expressions by their text: rules are evaluated again and again. */
const parsed = new Map<string, Expression>();
const mostParsed = 10_000;

/** The parsed expression of a text in brackets. Throws {@link PolicyError}. */
export function expressionOf(text: string): Expression {
  let expression = parsed.get(text);
  if (expression === undefined) {
    expression = parseExpression(text);
    checkExpression(expression);
    if (parsed.size >= mostParsed) parsed.clear();
    parsed.set(text, expression);
  }
  return expression;
}

/** A value of a rule with every expression in it evaluated; `[[` stands for a bracket. */
export function evaluateValue(value: Json, context: ExpressionContext): Json {
  if (typeof value === 'string') {
    if (isExpression(value))
      return evaluateExpression(context.more === undefined ? expressionOf(value) : parseExpression(value), context);
    return value.startsWith('[[') ? value.slice(1) : value;
  }
  if (isList(value)) return value.map((one) => evaluateValue(one, context));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, evaluateValue(one, context)]));
  return value;
}
